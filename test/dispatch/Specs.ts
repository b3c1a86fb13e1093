import type { Entry, ExecutorSpec } from "../../src/dispatch/Event.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import type { Limit, Resources, TaskSpec } from "../../src/task/TaskSpec.ts"

/** The parts of a task's kind that tests speak of. */
export interface SpecOptions {
  readonly taskName?: string
  readonly library?: string
  readonly version?: string
  readonly fingerprint?: string
  readonly services?: ReadonlyArray<string>
  readonly labels?: ReadonlyArray<string>
  readonly node?: string
  readonly demand?: Partial<Resources>
  readonly delivery?: TaskSpec["delivery"]
  readonly timeout?: number
  readonly attempts?: number
  readonly grace?: number
  readonly limits?: ReadonlyArray<Limit>
}

/** A kind of task that any executor may run, but for what is asked for. */
export const specOf = (options: SpecOptions = {}): TaskSpec => {
  const { attempts, delivery = "atLeastOnce", demand, grace = 1_000, limits = [], node, timeout, ...rest } = options
  return {
    requirement: {
      library: "maths",
      version: "1",
      fingerprint: "f",
      taskName: "add",
      services: [],
      labels: [],
      ...rest,
      ...(node !== undefined && { node: NodeId.make(node) }),
      ...(demand !== undefined && { demand: { cpu: 0, bytes: 0, slots: 1, ...demand } })
    },
    encoding: "raw",
    delivery,
    grace,
    limits,
    ...(timeout !== undefined && { timeout }),
    ...(attempts !== undefined && { attempts })
  }
}

/** A list of tasks; what is left out is as plain as can be. */
export const entryOf = (
  { spec, ...entry }: Partial<Omit<Entry, "spec">> & { readonly spec?: SpecOptions } = {}
): Entry => ({
  kind: "list",
  count: entry.kind === "producer" ? 0 : 1,
  priority: 0,
  ...entry,
  spec: specOf(spec)
})

/** The parts of an executor that tests speak of. */
export interface ExecutorOptions extends Partial<Omit<ExecutorSpec, "executorId" | "node">> {
  readonly node?: string
  readonly capacity?: Partial<Resources>
}

/** One slot, nothing in advance, and a node of its own. */
export const executorOf = (
  id: string,
  { capacity, node = `node of ${id}`, ...options }: ExecutorOptions = {}
): ExecutorSpec => ({
  executorId: ExecutorId.make(id),
  node: {
    nodeId: NodeId.make(node),
    ...(capacity !== undefined && { capacity: { cpu: Infinity, bytes: Infinity, slots: Infinity, ...capacity } })
  },
  slots: 1,
  prefetch: 0,
  libraries: [{ name: "maths", version: "1", tasks: { add: "f" } }],
  services: [],
  labels: [],
  heartbeat: false,
  ...options
})

const payload = { encoding: "raw", bytes: new Uint8Array() } as const

/** Outcomes that an executor may report. */
export const succeeded: Outcome = { _tag: "Succeeded", value: payload }
export const failed: Outcome = { _tag: "Failed", error: payload }
export const crashed: Outcome = { _tag: "Crashed", defect: { name: "Error", message: "as it may happen" } }
export const interrupted: Outcome = { _tag: "Interrupted", by: "the server", cleanly: true }
