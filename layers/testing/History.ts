/**
 * What happened, followed from outside: the server's records, what submitters
 * heard, what handlers did. It knows the promises, not how they are kept.
 *
 * @since 0.1.0
 */
import { Equal } from "effect"
import type { Transition } from "../../src/dispatch/Command.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import type { Commit } from "../../src/store/Stored.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import type { Limit, TaskSpec } from "../../src/task/TaskSpec.ts"

/** How late, in milliseconds, something may be that is to happen at a time: timers are set to whole ones. */
const tolerance = 2

interface TaskHistory {
  readonly name: string
  epoch: number
  holder: string | undefined
  startedAt: number | undefined
  stoppingAt: number | undefined
  outcome: Outcome | undefined
}

interface RequestHistory {
  readonly counts: ReadonlyArray<number>
  readonly size: number
  accepted: boolean
  readonly ended: Map<string, Outcome>
}

interface Attending {
  readonly spec: ExecutorSpec
  readonly held: Set<number>
}

const isSame = (left: Outcome | undefined, right: Outcome): boolean =>
  left === right || Equal.equals(left, right) || JSON.stringify(left) === JSON.stringify(right)

/** Follows one limit; says of an attempt that is given out whether it is one too many. */
class LimitHistory {
  readonly #limit: Limit
  readonly #held = new Set<number>()
  #starts: Array<number> = []

  constructor(limit: Limit) {
    this.#limit = limit
  }

  isExceededBy(task: number, at: number): boolean {
    const limit = this.#limit
    this.#held.add(task)
    if ("concurrency" in limit) return this.#held.size > limit.concurrency
    this.#starts = this.#starts.filter((start) => start + limit.per > at)
    return this.#starts.push(at) > limit.rate
  }

  release(task: number): void {
    this.#held.delete(task)
  }

  /** A new server does not know what the last one has started, but for what has not ended. */
  restarted(): void {
    this.#starts = []
  }
}

/** One line of a record, without what differs from one process to the next. */
export const lineOf = ({ at, count, detail, epoch, executorId, kind, sequence, task }: Transition): string => {
  const what = typeof detail === "object" ? detail._tag : detail ?? ""
  const tasks = task < 0 ? "" : count > 1 ? ` ${task}..${task + count - 1}` : ` ${task}`
  return `#${sequence} ${at} ms ${kind}${tasks}${epoch > 0 ? `/${epoch}` : ""} ${executorId ?? ""} ${what}`.trimEnd()
}

/** Keeps what happened, and what of it must not have. */
export class History {
  readonly records: Array<Transition> = []
  readonly violations: Array<string> = []
  readonly outcomes: Record<string, number> = {}
  readonly #tasks = new Map<number, TaskHistory>()
  readonly #specs = new Map<string, TaskSpec>()
  readonly #limits = new Map<string, LimitHistory>()
  readonly #executors = new Map<string, Attending>()
  /** All that ever joined. */
  readonly #known = new Map<string, ExecutorSpec>()
  /** Submitters that were told that nothing more will come. */
  readonly #lost = new Set<string>()
  /** What tasks follow, by their first. */
  readonly #dependencies = new Map<number, ReadonlyArray<number>>()
  #generation = 0
  readonly #requests = new Map<string, Map<number, RequestHistory>>()
  /** Compared in the end: the record of it may be on its way. */
  readonly #heard: Array<{ readonly submitter: string; readonly task: number; readonly outcome: Outcome }> = []
  readonly #owners = new Map<number, string>()
  readonly #attempts = new Set<string>()
  readonly #once = new Set<string>()
  #running = 0
  attempts = 0
  retries = 0

  /** What a kind of task promises, by name. */
  know(specs: Iterable<TaskSpec>): void {
    for (const spec of specs) {
      this.#specs.set(spec.requirement.taskName, spec)
      for (const limit of spec.limits) this.#limits.set(limit.name, new LimitHistory(limit))
    }
  }

  /** An executor is about to join. */
  joining(spec: ExecutorSpec): void {
    this.#known.set(spec.executorId, spec)
    this.#executors.set(spec.executorId, { spec, held: new Set() })
  }

  /** Tasks that have been accepted and have not ended. */
  get open(): ReadonlyArray<number> {
    return [...this.#tasks].filter(([, { outcome }]) => outcome === undefined).map(([task]) => task)
  }

  /** Who handed the task over, once its acceptance has arrived there. */
  submitterOf(task: number): string | undefined {
    return this.#owners.get(task)
  }

  /** What submitters have handed over and wait for. */
  get waiting(): ReadonlyArray<string> {
    return [...this.#requests].flatMap(([submitter, requests]) =>
      [...requests].flatMap(([request, { accepted, ended, size }]) => {
        if (accepted && ended.size >= size) return []
        const what = accepted ? `heard how ${ended.size} of the ${size} tasks ended` : "has no answer"
        return `${submitter}'s request ${request} ${what}`
      })
    )
  }

  get accepted(): number {
    return this.#tasks.size
  }

  #violated(rule: string, { task }: { readonly task: number }): void {
    const name = this.#tasks.get(task)?.name
    this.violations.push(`${rule}${task < 0 ? "" : ` (task ${task}${name === undefined ? "" : `, ${name}`})`}`)
  }

  /** It is on the disk, and nobody has been told yet. */
  committed({ entries, transitions }: Commit, generation: number): void {
    if (generation < this.#generation) this.violations.push(`generation ${generation} wrote after ${this.#generation}`)
    else if (generation > this.#generation) this.#restarted(generation)
    const firsts = new Map(entries.map(({ entry: { first, index, request } }) => [`${request}.${index}`, first]))
    for (const { entry: { entry: { after = [], count }, first, request } } of entries) {
      const follows = after.flatMap((each) =>
        typeof each === "number" ? each : firsts.get(`${request}.${each.entry}`) ?? []
      )
      if (follows.length === 0) continue
      for (let task = first; task < first + count; task++) this.#dependencies.set(task, follows)
    }
    for (const transition of transitions) this.recorded(transition)
  }

  #restarted(generation: number): void {
    this.#generation = generation
    this.#executors.clear()
    for (const limit of this.#limits.values()) limit.restarted()
    // Times are counted anew.
    for (const history of this.#tasks.values()) history.startedAt = history.stoppingAt = undefined
  }

  /** Whoever had it cancelled was told that it has ended: nothing may come of it from then on. */
  stopped(task: number): void {
    if (this.#tasks.get(task)?.outcome === undefined) {
      this.#violated("said to be cancelled before that was on the disk", { task })
    }
  }

  /** Nothing more will come to that submitter, which has not left. */
  lost(submitter: string): void {
    this.#lost.add(submitter)
  }

  /** The server recorded something. */
  recorded(record: Transition): void {
    const last = this.records.at(-1)
    if (record.sequence !== (last?.sequence ?? 0) + 1) {
      this.#violated(`record ${record.sequence} came after record ${last?.sequence ?? 0}`, record)
    }
    // Two servers on one disk have two clocks.
    const leeway = this.#generation === 0 ? 0 : 1
    if (record.at < (last?.at ?? 0) - leeway) this.#violated(`time went back at record ${record.sequence}`, record)
    this.records.push(record)
    const { kind, task } = record
    if (kind === "Accepted") return this.#accepted(record)
    if (kind === "Joined" || kind === "Left") return this.#moved(record)
    if (kind === "Forgotten") return
    for (let each = task; each < task + record.count; each++) {
      const history = this.#tasks.get(each)
      if (history === undefined) this.#violated(`${kind} without having been accepted`, { task: each })
      else if (history.outcome !== undefined) this.#violated(`${kind} after it had ended`, { task: each })
      else this.#changed({ ...record, task: each }, history)
    }
  }

  #accepted({ count, detail, task }: Transition): void {
    for (let each = task; each < task + count; each++) {
      if (this.#tasks.has(each)) this.#violated("accepted twice", { task: each })
      const [epoch, holder, startedAt, stoppingAt, outcome] = [0, undefined, undefined, undefined, undefined]
      this.#tasks.set(each, { name: String(detail), epoch, holder, startedAt, stoppingAt, outcome })
    }
  }

  #moved({ executorId, kind, task }: Transition): void {
    const spec = this.#known.get(executorId ?? "")
    if (spec === undefined) this.#violated(`${kind} of an executor that never came`, { task })
    else if (kind === "Joined") {
      if (!this.#executors.has(spec.executorId)) this.#executors.set(spec.executorId, { spec, held: new Set() })
    } else if (!this.#executors.delete(spec.executorId)) this.#violated(`${executorId} left twice`, { task })
  }

  #changed(record: Transition, history: TaskHistory): void {
    const { at, detail, epoch, executorId, kind } = record
    this.#isPunctual(record, history)
    if (kind === "Assigned") return this.#assigned(record, history)
    if (epoch !== history.epoch) this.#violated(`${kind} in attempt ${epoch}, current is ${history.epoch}`, record)
    if (executorId !== undefined && executorId !== history.holder) {
      this.#violated(`${kind} by ${executorId}, held by ${history.holder ?? "nobody"}`, record)
    }
    if (kind === "Started") history.startedAt = at
    else if (kind === "Stopping") history.stoppingAt = at
    else if (kind === "Adopted") {
      history.startedAt = at
      this.#executors.get(executorId ?? "")?.held.add(record.task)
    } else {
      this.#release(record.task, history)
      if (kind === "Retrying") this.retries++
      if (kind !== "Ended" || typeof detail !== "object") return
      history.outcome = detail
      this.outcomes[detail._tag] = (this.outcomes[detail._tag] ?? 0) + 1
    }
  }

  #limitsOf({ name }: TaskHistory): ReadonlyArray<Limit> {
    return this.#specs.get(name)?.limits ?? []
  }

  #assigned({ at, epoch, executorId, task }: Transition, history: TaskHistory): void {
    if (epoch <= history.epoch) this.#violated(`attempt ${epoch} after attempt ${history.epoch}`, { task })
    if (history.holder !== undefined) this.#violated(`assigned while ${history.holder} holds it`, { task })
    const executor = this.#executors.get(executorId ?? "")
    if (executor === undefined) return this.#violated(`assigned to ${executorId}, which is not there`, { task })
    for (const other of this.#dependencies.get(task) ?? []) {
      if (this.#tasks.get(other)?.outcome === undefined) {
        this.#violated(`assigned before task ${other}, which it follows`, { task })
      }
    }
    history.epoch = epoch
    history.holder = executor.spec.executorId
    executor.held.add(task)
    for (const { name } of this.#limitsOf(history)) {
      if (this.#limits.get(name)?.isExceededBy(task, at) === true) this.#violated(`exceeds the limit ${name}`, { task })
    }
    this.#fits(executor, task)
  }

  /** What is given out on a node never exceeds what it has. */
  #fits({ spec: { node: { capacity, nodeId } } }: Attending, task: number): void {
    if (capacity === undefined) return
    const given = { cpu: 0, bytes: 0, slots: 0 }
    for (const { held, spec } of this.#executors.values()) {
      if (spec.node.nodeId !== nodeId) continue
      for (const other of held) {
        const name = this.#tasks.get(other)?.name ?? ""
        const { bytes, cpu, slots } = this.#specs.get(name)?.requirement.demand ?? { cpu: 0, bytes: 0, slots: 1 }
        given.cpu += cpu
        given.bytes += bytes
        given.slots += slots
      }
    }
    const isOver = given.cpu > capacity.cpu + 1e-9 || given.bytes > capacity.bytes || given.slots > capacity.slots
    if (isOver) {
      this.#violated(`node ${nodeId} has given out ${JSON.stringify(given)} of ${JSON.stringify(capacity)}`, { task })
    }
  }

  /** Timeouts and the time of grace are kept to. */
  #isPunctual(record: Transition, { name, startedAt, stoppingAt }: TaskHistory): void {
    const spec = this.#specs.get(name)
    if (spec === undefined) return
    if (stoppingAt !== undefined && record.at > stoppingAt + spec.grace + tolerance) {
      this.#violated(`${record.kind} ${record.at - stoppingAt} ms after it was to stop`, record)
    }
    if (stoppingAt !== undefined || startedAt === undefined || spec.timeout === undefined) return
    if (record.at > startedAt + spec.timeout + tolerance) {
      this.#violated(
        `${record.kind} ${record.at - startedAt} ms after its start, the timeout is ${spec.timeout}`,
        record
      )
    }
  }

  #release(task: number, history: TaskHistory): void {
    this.#executors.get(history.holder ?? "")?.held.delete(task)
    for (const { name } of this.#limitsOf(history)) this.#limits.get(name)?.release(task)
    history.holder = history.startedAt = history.stoppingAt = undefined
  }

  /** A submitter said something, which has arrived. */
  told(submitter: string, message: SubmitterMessage): void {
    if (message._tag !== "submit") return
    const counts = message.entries.map(({ entry }) => entry.count)
    const size = counts.reduce((sum, count) => sum + count, 0)
    let requests = this.#requests.get(submitter)
    if (requests === undefined) this.#requests.set(submitter, requests = new Map())
    requests.set(message.request, { counts, size, accepted: false, ended: new Map() })
  }

  /** A submitter was told something. */
  heard(submitter: string, notice: SubmitterNotice): void {
    const requests = this.#requests.get(submitter)
    if (notice._tag === "Refused") requests?.delete(notice.request)
    else if (notice._tag === "Accepted") {
      const request = requests?.get(notice.request)
      if (request === undefined) return
      request.accepted = true
      const aliases = new Set(notice.known.map(({ entry, index }) => `${entry}.${index}`))
      for (const [entry, first] of notice.first.entries()) {
        for (let index = 0; index < (request.counts[entry] ?? 0); index++) {
          this.#owners.set(first + index, submitter)
          if (this.#generation === 0 || aliases.has(`${entry}.${index}`) || this.#tasks.has(first + index)) continue
          this.#violated("acknowledged before it was on the disk", { task: first + index })
        }
      }
    } else if (notice._tag === "Ended") {
      for (const { count, entry, index, outcome, request, task } of notice.endings) {
        const { ended } = requests?.get(request) ?? { ended: new Map<string, Outcome>() }
        for (let each = 0; each < count; each++) {
          const key = `${entry}.${index + each}`
          if (ended.has(key)) this.#violated(`${submitter} heard twice how it ended`, { task: task + each })
          ended.set(key, outcome)
          if (this.#generation > 0 && this.#tasks.get(task + each)?.outcome === undefined) {
            this.#violated("told how it ended before that was on the disk", { task: task + each })
          }
          this.#heard.push({ submitter, task: task + each, outcome })
        }
      }
    }
  }

  /** A handler begins an attempt; call the result when it has ended. */
  began(taskName: string, taskId: string, attempt: number): () => void {
    // What was given out and is not on the disk may be given out again, under the same number.
    const key = `${taskId}/${attempt}`
    const task = Number(taskId.slice(taskId.lastIndexOf(".") + 1))
    if (this.#generation === 0 && this.#attempts.has(key)) this.#violated(`attempt ${attempt} was run twice`, { task })
    this.#attempts.add(key)
    if (this.#specs.get(taskName)?.delivery === "atMostOnce") {
      if (this.#once.has(taskId)) this.#violated("ran twice although it may run only once", { task })
      this.#once.add(taskId)
    }
    this.#running++
    this.attempts++
    return () => this.#running--
  }

  /** What must hold in the end, when everybody has left. */
  conclude(fibers: number): ReadonlyArray<string> {
    for (const task of this.open) this.#violated("accepted, and never ended", { task })
    for (const { outcome, submitter, task } of this.#heard) {
      if (isSame(this.#tasks.get(task)?.outcome, outcome)) continue
      this.#violated(`${submitter} heard of ${outcome._tag}, which is not on record`, { task })
    }
    for (const [submitter, requests] of this.#requests) {
      if (this.#lost.has(submitter)) continue
      for (const [request, { accepted, ended, size }] of requests) {
        if (accepted && ended.size !== size) {
          this.violations.push(
            `${submitter} heard how ${ended.size} of the ${size} tasks of its request ${request} ended`
          )
        }
      }
    }
    if (this.#running > 0) this.violations.push(`${this.#running} handlers still run`)
    if (fibers > 0) this.violations.push(`${fibers} fibers are left`)
    return this.violations
  }
}
