/**
 * Children as processes of this machine.
 *
 * @since 0.1.0
 */
import { Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import process from "node:process"
import { Supervisor } from "../../services/Supervisor.ts"
import type { Capabilities } from "../../src/process/Capabilities.ts"
import { supervise } from "./Children.ts"
import { ControlGroups } from "./ControlGroups.ts"
import { Descriptors } from "./Descriptors.ts"
import { ProcessTableNode } from "./ProcessTableNode.ts"
import { launch, type Machine } from "./Spawning.ts"
import { Watch } from "./Watch.ts"
import { Watchdog } from "./Watchdog.ts"

/** What may be said about how children are supervised. */
export interface SupervisorOptions {
  /**
   * The folder of a control group (version 2) to make those of children in; it
   * has no processes of its own. Without it, the group of this process is
   * divided if it was given to it and it is alone there; with `false` none is.
   */
  readonly controlGroup?: string | false
}

const groupsOf = (name: string, { controlGroup }: SupervisorOptions): ControlGroups | undefined =>
  controlGroup === false ? undefined : ControlGroups.open(name, controlGroup)

const capabilitiesOf = (
  table: ProcessTableNode | undefined,
  controllers: ReadonlySet<string> | undefined
): Capabilities => {
  const watched = table === undefined ? "none" : "watched"
  return {
    memory: controllers?.has("memory") === true ? "kernel" : watched,
    cpu: controllers?.has("cpu") === true ? "kernel" : "none",
    openFiles: process.platform === "win32" ? "none" : "kernel",
    processes: watched,
    descendants: controllers !== undefined ? "kernel" : table === undefined ? "group" : "searched",
    orphans: Watchdog.isPossible
  }
}

/** What would be enforced on children of this process. It changes nothing. */
export const capabilities = (): Capabilities => capabilitiesOf(ProcessTableNode.open(), ControlGroups.controllersHere())

/** Children as processes of this machine. All have ended when the scope has been left. */
export const layerWith = (options: SupervisorOptions): Layer.Layer<Supervisor> =>
  Layer.effect(
    Supervisor,
    Effect.gen(function*() {
      const name = randomBytes(6).toString("hex")
      const table = ProcessTableNode.open()
      const groups = yield* Effect.acquireRelease(
        Effect.sync(() => groupsOf(name, options)),
        (groups) => Effect.sync(() => groups?.close())
      )
      const watchdog = yield* Effect.acquireRelease(
        Effect.sync(() => Watchdog.isPossible ? new Watchdog(`${name}:`, groups?.prefix) : undefined),
        (watchdog) => Effect.promise(() => watchdog?.close() ?? Promise.resolve())
      )
      const descriptors = yield* Effect.acquireRelease(
        Effect.sync(() => new Descriptors()),
        (descriptors) => Effect.sync(() => descriptors.close())
      )
      const watch = table === undefined ? undefined : new Watch(table)
      const machine: Machine = { table, watch, watchdog, descriptors, groups }
      return yield* supervise({
        name,
        capabilities: capabilitiesOf(table, groups?.controllers),
        launch: launch(machine)
      })
    })
  )

/** The same, with control groups where these are ours. */
export const layer: Layer.Layer<Supervisor> = layerWith({})
