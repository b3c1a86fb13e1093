import type { Entry, ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { Requirement, Resources, TaskSpec } from "../../src/task/TaskSpec.ts"

/** One request that was not refused. */
export interface RequestView {
  readonly request: number
  readonly submitter: string
  readonly submission: string
  readonly entries: ReadonlyArray<EntryView>
  isAcknowledged: boolean
}

/** One entry of it, with the tasks that there are of it by now. */
export interface EntryView {
  readonly view: RequestView
  readonly place: number
  readonly entry: Entry
  readonly first: number
  readonly tasks: Array<number>
  /** Of a job: its number for each chunk, by task. */
  readonly chunks: Map<number, number>
  /** Of a window: how many may be given out. */
  available: number
  /** Of a job: it may make more, who was asked, and who was told to wait. */
  isProducing: boolean
  /** It was cancelled, expired or failed as a whole. */
  isStopped: boolean
  readonly asked: Set<string>
  readonly waiting: Set<string>
}

/** An executor that has joined and not left. */
export interface ExecutorView {
  readonly spec: ExecutorSpec
  readonly id: string
  slots: number
  isDraining: boolean
  /** When it was last heard of. */
  heardAt: number
  /** Attempts that it was told to kill: task to what they hold. */
  readonly abandoned: Map<number, { readonly epoch: number; readonly spec: TaskSpec }>
}

/** What one attempt takes of its node. */
export const demandOf = ({ requirement: { demand } }: TaskSpec): Resources => demand ?? { cpu: 0, bytes: 0, slots: 1 }

/** It is not given in advance, and counted on every node. */
export const isSpecial = ({ limits, requirement: { demand, node } }: TaskSpec): boolean =>
  limits.length > 0 || demand !== undefined || node !== undefined

/** Whether such an executor may run such a task: stated once more, in other words than the dispatcher's. */
export const isCapable = (
  { labels, libraries, node: { capacity, nodeId }, services }: ExecutorSpec,
  requirement: Requirement
): boolean => {
  const { demand, fingerprint, library, node, taskName, version } = requirement
  const has = libraries.some((offer) =>
    offer.name === library && offer.version === version && offer.tasks[taskName] === fingerprint
  )
  const isThere = node === undefined || node === nodeId
  const isLargeEnough = capacity === undefined || demand === undefined ||
    (demand.cpu <= capacity.cpu && demand.bytes <= capacity.bytes && demand.slots <= capacity.slots)
  return has && isThere && isLargeEnough && requirement.services.every((service) => services.includes(service)) &&
    requirement.labels.every((label) => labels.includes(label))
}

/** No more of it is to be given out. */
export const stop = (view: EntryView): void => {
  view.isStopped = true
  view.isProducing = false
  view.asked.clear()
  view.waiting.clear()
}
