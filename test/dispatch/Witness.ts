import type { Commands, Notice } from "../../src/dispatch/Command.ts"
import type { Event, LeaseRef, Report } from "../../src/dispatch/Event.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { check } from "./Checks.ts"
import { type Holding, Ledger, type TaskStory } from "./Ledger.ts"
import { type EntryView, type ExecutorView, type RequestView, stop } from "./Views.ts"

/** For how long after their end tasks are known by their keys. */
export const keyRetention = 2_000

/** For how long an executor may be silent. */
export const leaseTime = 1_000

type Submitted = Extract<Event, { readonly _tag: "submitted" }>

/** Takes note of all that a dispatcher is told and tells. It keeps lists, and knows nothing of lanes, rings or pages. */
export class Witness {
  ledger = new Ledger()
  readonly isImmediate: boolean
  now = 0
  committed = 0
  isDraining = false
  readonly requests = new Map<number, RequestView>()
  readonly entryOf = new Map<number, EntryView>()
  readonly executors = new Map<string, ExecutorView>()
  /** Windows and jobs, by the numbers under which they are asked for more. */
  readonly sources = new Map<number, EntryView>()
  /** Tasks that were handed over before under the same key: to the first one. */
  readonly aliases = new Map<number, number>()
  readonly keys = new Map<string, number>()
  readonly sessions = new Map<string, string>()
  readonly cancels: Array<Extract<Event, { readonly _tag: "cancelled" }>> = []
  readonly fetched = new Set<number>()
  /** What was told: which assignment of a task left, and how it ended. */
  readonly sent = new Map<number, number>()
  readonly told = new Map<number, Outcome>()
  /** When that was, and when the turn before this one was. */
  readonly toldAt = new Map<number, number>()
  turnBefore = 0
  /** Tasks that had ended when a server started again: nobody is told once more. */
  readonly remembered = new Set<number>()
  readonly progress = new Map<string, Extract<Notice, { readonly _tag: "Progress" }>>()
  readonly starts = new Map<string, Array<number>>()
  readonly startedAt = new Map<number, number>()
  readonly adoptedFrom = new Map<number, number>()
  /** Whose executor is not known: their submitter has left, and may come again. */
  readonly looseSessions = new Set<string>()
  /** Nodes that were kept for somebody when this turn began. */
  reserved: ReadonlySet<string> = new Set()
  generation = 1
  /** A new server has not been told everything yet. */
  isRecovering = false
  /** The last record of the server before. */
  generationStart = 0
  /** How often an attempt came back unstarted, and how many executors died of a task. */
  readonly unmade = new Map<number, number>()
  readonly deaths = new Map<number, number>()
  /** Who was lost in this turn, and whether cleanly. */
  readonly left = new Map<string, boolean>()
  /** What was assigned in this turn. */
  readonly fresh: Array<TaskStory> = []
  /** Who holds what, now that the turn is over. */
  standing: ReadonlyArray<{ readonly story: TaskStory; readonly holding: Holding; readonly view: EntryView }> = []
  events: ReadonlyArray<Event> = []
  /** Executors that were announced, and entries whose positions are not known yet. */
  readonly joining = new Map<string, ExecutorView["spec"]>()
  readonly accepting: Array<EntryView> = []

  constructor(isImmediate: boolean) {
    this.isImmediate = isImmediate
  }

  /** A new server knows what was committed, and no executor. */
  restart(ledger: Ledger): void {
    this.ledger = ledger
    this.committed = this.generationStart = ledger.sequence
    this.generation++
    this.isDraining = false
    ledger.restart()
    this.requests.clear()
    this.looseSessions.clear()
    for (const task of this.toldAt.keys()) this.toldAt.set(task, this.now)
    this.startedAt.clear()
    this.adoptedFrom.clear()
    for (const map of [this.executors, this.sources, this.unmade, this.sessions, this.keys, this.aliases]) map.clear()
    this.starts.clear()
    this.deaths.clear()
    for (const { deaths, task } of ledger.tasks.values()) if (deaths > 0) this.deaths.set(task, deaths)
    for (const [task] of this.entryOf) if (!ledger.tasks.has(task)) this.entryOf.delete(task)
    for (const task of this.sent.keys()) {
      const epoch = ledger.tasks.get(task)?.holding?.epoch
      if (epoch === undefined) this.sent.delete(task)
      else this.sent.set(task, epoch)
    }
  }

  /** How often an attempt at it was made, or may have been. */
  made({ epoch, task }: TaskStory): number {
    return epoch - (this.unmade.get(task) ?? 0)
  }

  /** Its number in its entry; of a job's the number of the chunk. */
  indexOf(task: number): number {
    const view = this.view(task)
    return view.chunks.get(task) ?? task - view.first
  }

  view(task: number): EntryView {
    const view = this.entryOf.get(task)
    return view ?? check.fail(`nobody handed over task ${task}`)
  }

  isCommitted(story: TaskStory | undefined): boolean {
    return story?.end !== undefined && story.end.sequence <= this.committed
  }

  /** What an executor said in this turn of the attempt that it holds. */
  reportOf({ holding, task }: TaskStory): Report | undefined {
    for (const event of this.events) {
      if (event._tag !== "ended" || event.executorId !== holding?.executorId) continue
      const report = event.reports.find((report) => report.task === task && this.#isOf(report, holding))
      if (report !== undefined) return report
    }
    return undefined
  }

  wasRecalled({ holding, task }: TaskStory): boolean {
    return this.events.some((event) =>
      event._tag === "recalled" && event.executorId === holding?.executorId &&
      event.leases.some((lease) => lease.task === task && this.#isOf(lease, holding))
    )
  }

  /** Whether it speaks of that attempt; who does not know yet that it was adopted still names the old generation. */
  #isOf({ epoch, generation = this.generation, task }: LeaseRef, holding: Holding): boolean {
    return epoch === holding.epoch && (generation === this.generation || generation === this.adoptedFrom.get(task))
  }

  /** Whether all that the entry follows has ended durably, and rightly. */
  fateOf({ entry, view }: EntryView): "open" | "waiting" | "failed" {
    const { after = [], onDependencyFailure, refs = [] } = entry
    const fates = new Set<string>()
    for (const dependency of [...after, ...refs]) {
      fates.add(
        typeof dependency === "number"
          ? this.#endOf(this.ledger.tasks.get(dependency))
          : this.#endOfEntry(view.entries[dependency.entry])
      )
    }
    if (fates.has("failed") && onDependencyFailure !== "run") return "failed"
    return fates.has("waiting") ? "waiting" : "open"
  }

  #endOf(story: TaskStory | undefined): "open" | "waiting" | "failed" {
    if (story === undefined) return "open"
    if (!this.isCommitted(story)) return "waiting"
    return story.end?.outcome._tag === "Succeeded" ? "open" : "failed"
  }

  #endOfEntry(view: EntryView | undefined): "open" | "waiting" | "failed" {
    if (view === undefined) return "open"
    const { entry: { count, deadline = Infinity, kind, startAt = 0 }, isProducing, isStopped, tasks } = view
    const fate = this.fateOf(view)
    const ends = new Set(tasks.map((task) => this.#endOf(this.ledger.story(task))))
    if (ends.has("waiting")) return "waiting"
    if (kind === "producer") {
      const isExpired = isProducing && deadline <= this.now
      if (isProducing && !isExpired && fate !== "failed") return "waiting"
      return isStopped || isExpired || fate === "failed" || ends.has("failed") ? "failed" : "open"
    }
    if (count > 0) return ends.has("failed") ? "failed" : "open"
    // One that is empty has ended once it could have begun.
    if (fate === "failed" || isStopped || deadline <= this.now) return fate === "failed" ? "failed" : "open"
    return startAt > this.now ? "waiting" : fate
  }

  noteDeath({ holding, task }: TaskStory, report: Report | undefined, isStarted: boolean): void {
    const isClean = this.left.get(holding?.executorId ?? "")
    const isKnown = this.executors.has(holding?.executorId ?? "")
    const isDeath = report === undefined ? isClean === false || (isClean === undefined && !isKnown) : report.isDeath
    if (isDeath === true && isStarted) this.deaths.set(task, (this.deaths.get(task) ?? 0) + 1)
  }

  /** Counts the death that an ending tells of, if any. */
  countDeath(story: TaskStory): void {
    const report = this.reportOf(story)
    this.noteDeath(story, report, story.holding?.startedAt !== undefined || report?.startedAt !== undefined)
  }

  /** Takes note of what the dispatcher is told. */
  hear(event: Event, commands: Commands): void {
    if ("executorId" in event && event._tag !== "drain" && event._tag !== "left" && event._tag !== "produced") {
      const executor = this.executors.get(event.executorId)
      if (executor !== undefined) executor.heardAt = this.now
    }
    switch (event._tag) {
      case "submitted":
        return this.#submit(event, commands)
      case "joined":
        this.joining.set(event.executor.executorId, event.executor)
        return
      case "left":
        this.left.set(event.executorId, event.isClean)
        return
      case "beat": {
        const executor = this.executors.get(event.executorId)
        if (executor !== undefined) executor.slots = event.slots ?? executor.slots
        return
      }
      case "drain":
        if (event.executorId === undefined) this.isDraining = true
        for (const executor of this.executors.values()) {
          if (event.executorId !== undefined && event.executorId !== executor.id) continue
          executor.isDraining = true
          for (const [session, holder] of this.sessions) if (holder === executor.id) this.sessions.delete(session)
        }
        return
      case "cancelled":
        return this.#cancel(event)
      case "committed":
        this.committed = Math.max(this.committed, event.through)
        return
      case "fetched":
        for (const task of event.tasks) this.fetched.add(task)
        return
      case "loaded": {
        const view = this.sources.get(event.source)
        if (view !== undefined) view.available = Math.min(view.entry.count, view.available + event.count)
        return
      }
      case "produced":
        return this.#produce(event)
      case "ended":
        return this.#bury(event.executorId, event.reports)
      case "recalled":
        return this.#bury(event.executorId, event.leases)
      case "adopted": {
        const { abandoned } = this.executors.get(event.executorId) ?? {}
        for (const [task, { epoch }] of abandoned ?? []) {
          if (!event.leases.some((lease) => lease.task === task && lease.epoch === epoch)) abandoned?.delete(task)
        }
      }
    }
  }

  #submit({ entries, request, submission, submitter }: Submitted, { notify }: Commands): void {
    if (notify.some(({ notice }) => notice._tag === "Refused" && notice.request === request)) return
    const views: Array<EntryView> = []
    const view = { request, submission, submitter, entries: views, isAcknowledged: false }
    this.requests.set(request, view)
    for (const [place, entry] of entries.entries()) {
      const entryView: EntryView = {
        view,
        place,
        entry,
        first: entry.restored?.first ?? -1,
        tasks: [],
        chunks: new Map(),
        available: entry.kind === "window" ? 0 : entry.count,
        isProducing: entry.kind === "producer",
        isStopped: false,
        asked: new Set(),
        waiting: new Set()
      }
      views.push(entryView)
      if (entry.restored === undefined) this.accepting.push(entryView)
      else this.#place(entryView, entry.restored.first, entry.count)
    }
  }

  #place(view: EntryView, first: number, count: number): void {
    for (let task = first; task < first + count; task++) {
      view.tasks.push(task)
      this.entryOf.set(task, view)
      if (this.ledger.story(task).end !== undefined) this.toldAt.set(task, this.now)
      const key = view.entry.keys?.[task - first]
      if (key === undefined) continue
      const name = JSON.stringify([view.view.submitter, key])
      const earlier = this.keys.get(name)
      const { end, epoch } = this.ledger.story(task)
      if (earlier !== undefined && (epoch > 0 || end !== undefined)) continue
      const isFree = earlier === undefined || this.#hashOf(earlier) !== this.#hashOf(task) ||
        (this.toldAt.get(earlier) ?? Infinity) + keyRetention <= this.turnBefore
      if (isFree) this.keys.set(name, task)
      else this.aliases.set(task, earlier)
    }
  }

  #produce({ chunk, executorId, source }: Extract<Event, { readonly _tag: "produced" }>): void {
    const view = this.sources.get(source)
    if (view === undefined) return
    if (executorId === undefined) return view.waiting.clear()
    view.asked.delete(executorId)
    if (chunk === "waiting" && this.executors.has(executorId)) view.waiting.add(executorId)
    if (chunk !== "finished") return
    view.isProducing = false
    view.asked.clear()
    view.waiting.clear()
  }

  #cancel(event: Extract<Event, { readonly _tag: "cancelled" }>): void {
    const { target } = event
    this.cancels.push(event)
    for (const { entries, submission, submitter } of this.requests.values()) {
      const isMeant = ("submission" in target && target.submission === submission) ||
        ("submitter" in target && target.submitter === submitter)
      if (isMeant) { for (const entry of entries) stop(entry) }
    }
    if (!("submitter" in target)) return
    for (const session of this.sessions.keys()) {
      if (JSON.parse(session)[0] === target.submitter) this.looseSessions.add(session)
    }
  }

  #bury(executorId: string, leases: ReadonlyArray<LeaseRef>): void {
    const executor = this.executors.get(executorId)
    for (const { epoch, task } of leases) {
      if (executor?.abandoned.get(task)?.epoch === epoch) executor.abandoned.delete(task)
    }
  }

  #hashOf(task: number): number {
    const { entry: { hashes = [] }, first } = this.view(task)
    return hashes[task - first] ?? 0
  }

  /** Takes note that an executor is gone. */
  leave(executorId: string): void {
    if (!this.left.has(executorId)) this.left.set(executorId, false)
    this.executors.delete(executorId)
    for (const [session, holder] of this.sessions) if (holder === executorId) this.sessions.delete(session)
    for (const { entries } of this.requests.values()) {
      for (const { asked, waiting } of entries) {
        asked.delete(executorId)
        waiting.delete(executorId)
      }
    }
  }

  /** Finds out whose tasks these are. */
  accept(first: number, count: number): void {
    const view = this.accepting.shift()
    if (view !== undefined) {
      // The position is known only now, and never changes.
      Object.assign(view, { first })
      check.strictEqual(count, view.entry.count, "so many are accepted")
      return this.#place(view, first, count)
    }
    for (const event of this.events) {
      if (event._tag !== "produced" || typeof event.chunk !== "object") continue
      const job = this.sources.get(event.source)
      if (job?.isProducing === true) {
        job.chunks.set(first, event.chunk.chunk)
        return this.#place(job, first, count)
      }
    }
    check.fail(`nobody handed over task ${first}`)
  }

  entryAt(request: number, place: number): EntryView {
    const entry = this.requests.get(request)?.entries[place]
    return entry ?? check.fail(`there is no entry ${place} of request ${request}`)
  }
}
