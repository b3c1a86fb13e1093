/**
 * Tasks as people see them, from the dispatcher where it knows them and from
 * the store where it has forgotten them.
 *
 * @since 0.1.0
 */
import { Effect, Option } from "effect"
import type { Transition } from "../../src/dispatch/Command.ts"
import type { Glance } from "../../src/dispatch/Viewing.ts"
import {
  NotFound,
  type TaskQuery,
  type TaskRow,
  type TaskStatus,
  type TaskStep,
  type TaskView
} from "../../src/operate/View.ts"
import type { StoredEntry } from "../../src/store/Stored.ts"
import type { StoreFailed } from "../../src/store/StoreFailed.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { TaskId } from "../../src/task/TaskId.ts"
import type { Shell } from "./Shell.ts"

/** A task that there is, or was. */
export interface Known {
  readonly task: number
  readonly stored: StoredEntry
  readonly glance: Glance | undefined
  readonly ended: Transition | undefined
}

/** One that is looked at. */
interface Looked {
  readonly task: number
  readonly stored: StoredEntry
  glance: Glance | undefined
  ended: Transition | undefined
}

/** So many tasks are looked through for one page. */
const most = 20_000
const chunk = 256

const statusOf = (outcome: Outcome): TaskStatus => {
  // The statuses of what has ended are the tags of outcomes.
  return (outcome._tag[0]!.toLowerCase() + outcome._tag.slice(1)) as TaskStatus
}

const isOutcome = (detail: Transition["detail"]): detail is Outcome => typeof detail === "object"

const defined = (time: number): number | undefined => Number.isNaN(time) ? undefined : time

/** What a task's last transition says, if it has ended. */
export const outcomeOf = ({ ended }: Known): Outcome | undefined =>
  ended !== undefined && isOutcome(ended.detail) ? ended.detail : undefined

/** Those of one server. */
export class Views {
  readonly #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** The position that a name stands for, be the task known or not. */
  positionOf(id: string): number | undefined {
    const parsed = TaskId.parse(id)
    return parsed && this.#shell.dispatcher.placeOf(parsed)
  }

  /** A task by its name. */
  find(id: string): Effect.Effect<Known, NotFound | StoreFailed> {
    const task = this.positionOf(id)
    const missing = new NotFound({ what: "task", id })
    if (task === undefined) return Effect.fail(missing)
    return Effect.flatMap(
      this.#shell.store.entryOf(task),
      (entry): Effect.Effect<Known, NotFound | StoreFailed> =>
        Option.isNone(entry)
          ? Effect.fail(missing)
          : Effect.map(this.#known(entry.value, task, task), ([known]) => known!)
    )
  }

  row({ ended, glance, stored, task }: Known): TaskRow {
    const { requirement } = stored.entry.spec
    const outcome = ended !== undefined && isOutcome(ended.detail) ? ended.detail : undefined
    const status: TaskStatus = outcome !== undefined
      ? statusOf(outcome)
      : glance === undefined || glance.status === "ended"
      ? "queued"
      : glance.status === "ending"
      ? "running"
      : glance.status
    const executorId = ended?.executorId ?? glance?.executorId
    const startedAt = glance && defined(glance.startedAt)
    return {
      id: this.#shell.idOf(task),
      taskName: requirement.taskName,
      library: `${requirement.library}@${requirement.version}`,
      submission: stored.submission,
      status,
      epoch: ended?.epoch ?? glance?.epoch ?? 0,
      ...(executorId !== undefined && { executorId }),
      submittedAt: stored.acceptedAt,
      ...(startedAt !== undefined && { startedAt }),
      ...(ended !== undefined && { endedAt: ended.at })
    }
  }

  /** All about a task. */
  readonly view = Effect.fnUntraced({ self: this }, function*(known: Known) {
    const transitions = yield* this.#shell.store.transitionsOf(known.task)
    const { stored: { entry, first, source, submitter }, task } = known
    const payloads = yield* this.#shell.store.payloads(source, task - first, 1)
    const size = payloads.blobs?.[0]?.[1].size ?? payloads.offsets.at(1)
    const started = transitions.findLast(({ kind }) => kind === "Started")
    const assigned = transitions.findLast(({ kind }) => kind === "Assigned")
    const outcome = outcomeOf(known)
    const losses = outcome?._tag === "Lost" || outcome?._tag === "Quarantined"
      ? outcome.executors
      : known.glance?.losses ?? []
    const view: TaskView = {
      ...this.row(known),
      ...(started && { startedAt: started.at }),
      ...(assigned?.executorId !== undefined && { executorId: assigned.executorId }),
      submitter,
      requirement: entry.spec.requirement,
      priority: entry.priority,
      ...(entry.deadline !== undefined && { deadline: entry.deadline }),
      index: task - first,
      steps: transitions.map(stepOf),
      ...(outcome && { outcome }),
      losses,
      ...(size !== undefined && { payloadSize: size })
    }
    return view
  })

  /** A page of tasks, the newest first. */
  readonly page = Effect.fnUntraced(
    { self: this },
    function*({ below = Infinity, limit, selector, status, taskName }: TaskQuery) {
      const isWanted = (row: TaskRow) =>
        (status === undefined || status.length === 0 || status.includes(row.status)) &&
        (taskName === undefined || row.taskName === taskName)
      if (selector._tag === "Tasks") {
        const found = yield* Effect.forEach(selector.ids, (id) => this.find(id))
        return { items: found.map((known) => this.row(known)).filter(isWanted), next: undefined }
      }
      const items: Array<TaskRow> = []
      if (selector._tag === "Failed") {
        const tasks = yield* this.#shell.store.failed(Math.min(below, Number.MAX_SAFE_INTEGER), limit)
        for (const task of tasks) {
          const entry = yield* this.#shell.store.entryOf(task)
          if (Option.isSome(entry)) items.push(this.row((yield* this.#known(entry.value, task, task))[0]!))
        }
        return { items: items.filter(isWanted), next: tasks.length === limit ? tasks.at(-1) : undefined }
      }
      const isLast = selector._tag === "Last"
      const wanted = isLast ? 1 : limit
      const leased = isOnlyLeased(status)
        ? this.#shell.dispatcher.leased.filter((task) => task < below).toReversed()
        : undefined
      if (leased !== undefined && selector._tag === "All") {
        for (const task of leased) {
          const entry = yield* this.#shell.store.entryOf(task)
          if (Option.isNone(entry)) continue
          const row = this.row((yield* this.#known(entry.value, task, task))[0]!)
          if (isWanted(row)) items.push(row)
          if (items.length === wanted) return { items, next: task }
        }
        return { items, next: undefined }
      }
      const submission = selector._tag === "Submission" ? { submission: selector.id } : {}
      let looked = 0
      let belowSource: number | undefined
      if (below !== Infinity && below > 0) {
        const entry = yield* this.#shell.store.entryOf(below - 1)
        if (Option.isSome(entry)) belowSource = entry.value.source + 1
      }
      for (;;) {
        const entries = yield* this.#shell.store.entries({
          ...submission,
          limit: 64,
          ...(belowSource !== undefined && { below: belowSource })
        })
        for (const stored of entries.items) {
          let to = Math.min(below, stored.first + stored.entry.count)
          while (to > stored.first) {
            const from = Math.max(stored.first, to - chunk)
            for (const known of (yield* this.#known(stored, from, to - 1)).toReversed()) {
              const row = this.row(known)
              looked++
              if (!isWanted(row)) continue
              items.push(row)
              if (items.length === wanted) return { items, next: isLast ? undefined : known.task }
            }
            if (looked >= most) return { items, next: from }
            to = from
          }
        }
        if (entries.next === undefined) return { items, next: undefined }
        belowSource = entries.next
      }
    }
  )

  /** Tasks in a row of one entry. */
  #known(stored: StoredEntry, from: number, to: number): Effect.Effect<Array<Known>, StoreFailed> {
    const { dispatcher, store } = this.#shell
    const tasks = Array.from({ length: to - from + 1 }, (_, index) => {
      const glance = dispatcher.glance(from + index)
      const known: Looked = { task: from + index, stored, glance: undefined, ended: undefined }
      if (glance?.status !== "ended") known.glance = glance
      return known
    })
    if (tasks.every(({ glance }) => glance !== undefined)) return Effect.succeed(tasks)
    return Effect.map(
      store.ended(from, tasks.length),
      (ended) => {
        for (const known of tasks) if (known.glance === undefined) known.ended = ended.get(known.task)
        return tasks
      }
    )
  }
}

const onLease = new Set<TaskStatus>(["assigned", "running", "stopping"])

const isOnlyLeased = (status: TaskQuery["status"]): boolean =>
  status !== undefined && status.length > 0 && status.every((each) => onLease.has(each))

const stepOf = ({ at, detail, epoch, executorId, kind }: Transition): TaskStep => {
  const text = detail === undefined
    ? undefined
    : typeof detail === "object"
    ? detail._tag
    : kind === "Retrying"
    ? `after ${detail} ms`
    : String(detail)
  return {
    at,
    kind,
    epoch,
    ...(executorId !== undefined && { executorId }),
    ...(text !== undefined && { detail: text })
  }
}
