/**
 * A process with executors that a pool has started, from its start to its end.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import process from "node:process"
import { fileURLToPath } from "node:url"
import type { Child, Supervisor } from "../../services/Supervisor.ts"
import { settingText } from "../../src/host/ExecutorSetting.ts"
import type { Provision } from "../../src/host/Provision.ts"
import { exitText, isGood, type ProcessExit } from "../../src/process/ProcessExit.ts"
import { pathOf } from "./ModulePath.ts"

/** What is started, and how. */
export interface Options {
  readonly process: string
  readonly wanted: string
  readonly provision: Provision
  readonly threads: number
  /** Where it finds the server. */
  readonly address: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Its last lines, for who wants to know why it ended. */
const lines = 3

/** The process, and what is known of it. */
export class Hand {
  readonly process: string
  readonly wanted: string
  readonly module: string
  readonly threads: number
  readonly child: Child
  readonly startedAt: number
  readonly #scope: Scope.Closeable
  /** The ids of its executors, once it serves. */
  executors: ReadonlyArray<string> = []
  pid: number | undefined
  isLeaving = false
  idleSince: number | undefined

  constructor({ now, process, provision, threads, wanted }: Options, child: Child, scope: Scope.Closeable) {
    this.process = process
    this.wanted = wanted
    this.module = provision.module
    this.threads = threads
    this.child = child
    this.startedAt = now
    this.#scope = scope
  }

  get isReady(): boolean {
    return this.executors.length > 0
  }

  /** Ends it at once, or makes sure that it has ended. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => Scope.close(this.#scope, Exit.void))

  /** Why it ended, with what it said last where something went wrong. */
  readonly reason = (exit: ProcessExit): Effect.Effect<string> =>
    Effect.map(this.child.lastLines, (all) => {
      const text = `its process ${exitText(exit)}`
      const last = all.map(({ text }) => text.trim()).filter((text) => text !== "").slice(-lines)
      return isGood(exit) || last.length === 0 ? text : `${text}. It said last: ${last.join(" / ")}`
    })
}

/** Starts one. What it prints beside what its tasks print is logged. */
export const start = Effect.fnUntraced(function*(supervisor: Supervisor["Service"], options: Options) {
  const { address, provision, threads } = options
  const { conditions, cwd, entries, labels, memory, module, slots } = provision
  const scope = yield* Scope.make()
  const setting = settingText({
    address,
    process: options.process,
    name: pathOf(module),
    module: entries.module,
    thread: entries.thread,
    threads,
    labels,
    ...(slots !== undefined && { slots }),
    ...(memory !== undefined && { memory })
  })
  const child = yield* Scope.provide(
    supervisor.start({
      command: process.execPath,
      args: [
        ...conditions.map((condition) => `--conditions=${condition}`),
        fileURLToPath(entries.executor),
        setting
      ],
      cwd,
      // Its end is the end of whoever reads it.
      stdin: "pipe",
      tags: { kind: "executor", process: options.process, module }
    }),
    scope
  )
  const logged = Stream.runForEach(
    child.lines(),
    ({ text }) => Effect.annotateLogs(Effect.logInfo(text), { process: options.process })
  )
  const logging = yield* Effect.forkDetach(logged)
  yield* Scope.addFinalizer(scope, Effect.asVoid(Effect.exit(Effect.timeoutOption(Fiber.join(logging), "1 second"))))
  return new Hand(options, child, scope)
})
