import type { Commands, Notice, Transition } from "../../src/dispatch/Command.ts"
import type { Dispatcher } from "../../src/dispatch/Dispatcher.ts"
import type { Event } from "../../src/dispatch/Event.ts"
import { check } from "./Checks.ts"
import { judgeEnding } from "./Endings.ts"
import type { TaskStory } from "./Ledger.ts"
import { judgeStanding } from "./Standing.ts"
import { type EntryView, type ExecutorView, isCapable, stop } from "./Views.ts"
import { leaseTime, Witness } from "./Witness.ts"

/** Says what a dispatcher must never do, and what it must not leave undone. */
export class Judge extends Witness {
  observe(events: ReadonlyArray<Event>, now: number, commands: Commands, dispatcher: Dispatcher): void {
    this.turnBefore = this.now
    this.now = now
    this.events = events
    this.left.clear()
    this.fresh.length = 0
    for (const event of events) this.hear(event, commands)
    for (const transition of commands.persist) this.#record(transition, dispatcher)
    check.deepStrictEqual(this.accepting, [], "something was neither accepted nor refused")
    for (const { executorId, assignments } of commands.assign) {
      check.isTrue(this.executors.has(executorId), `an assignment for ${executorId}, which is not there`)
      for (const assignment of assignments) this.#send(executorId, assignment)
    }
    for (const { executorId, leases } of commands.recall) {
      for (const { epoch, task } of leases) {
        check.includes(this.ledger.story(task).holding, { executorId, epoch }, `task ${task} is recalled elsewhere`)
      }
    }
    for (const { batch, source } of [...commands.load, ...commands.produce]) {
      this.sources.set(source, this.entryAt(batch.request, batch.entry))
    }
    for (const { executorId, source } of commands.produce) this.sources.get(source)?.asked.add(executorId)
    for (const { notice, submitter } of commands.notify) this.#tell(notice, submitter)
    for (const revocation of commands.revoke) if (revocation.kill) this.#kill(revocation)
    if (this.isRecovering) return
    for (const { entries } of this.requests.values()) {
      for (const view of entries) if (view.isProducing && (view.entry.deadline ?? Infinity) <= now) stop(view)
    }
    this.standing = [...this.ledger.tasks.values()].flatMap((story) =>
      story.holding === undefined ? [] : [{ story, holding: story.holding, view: this.view(story.task) }]
    )
    judgeStanding(this, dispatcher)
  }

  #record(transition: Transition, dispatcher: Dispatcher): void {
    const { count, executorId = "", kind, task } = transition
    if (kind === "Joined") this.#join(executorId)
    else if (kind === "Left") this.#leave(executorId, String(transition.detail))
    else if (kind === "Assigned") this.#assign(this.ledger.story(task), executorId)
    else if (kind === "Released") this.#release(this.ledger.story(task), Number(transition.detail))
    else if (kind === "Retrying") {
      const story = this.ledger.story(task)
      check.strictEqual(this.reportOf(story)?.retryAfter, transition.detail, `task ${task} is retried unasked`)
    } else if (kind === "Ended") {
      for (let each = task; each < task + count; each++) judgeEnding(this, each, transition, dispatcher)
    }
    this.ledger.apply(transition)
    if (this.isImmediate) this.committed = this.ledger.sequence
    if (kind === "Assigned") this.fresh.push(this.ledger.story(task))
    if (kind === "Assigned") {
      this.startedAt.delete(task)
      this.adoptedFrom.delete(task)
    }
    if (kind === "Adopted") this.#adopt(task, executorId)
    if (kind === "Started" || kind === "Adopted") this.startedAt.set(task, this.now)
    if (kind === "Accepted") this.accept(task, count)
  }

  #join(id: string): void {
    const spec = this.joining.get(id)
    if (spec === undefined) return check.fail(`${id} was not announced`)
    this.executors.set(id, { spec, id, slots: spec.slots, isDraining: false, heardAt: this.now, abandoned: new Map() })
  }

  #leave(id: string, reason: string): void {
    const silence = this.now - (this.executors.get(id)?.heardAt ?? this.now)
    if (reason === "missed its heartbeats") check.isAtMost(leaseTime, silence, `${id} was heard of`)
    this.leave(id)
  }

  #adopt(task: number, executorId: string): void {
    this.#keepSession(this.view(task), executorId)
    for (const event of this.events) {
      if (event._tag !== "adopted" || event.executorId !== executorId) continue
      const { generation = 0 } = event.leases.find((lease) => lease.task === task) ?? {}
      this.adoptedFrom.set(task, generation)
    }
  }

  #assign(story: TaskStory, executorId: string): void {
    const { task } = story
    const { entry } = this.view(task)
    const { spec } = entry
    const executor = this.executors.get(executorId)
    if (executor === undefined) return check.fail(`task ${task} was assigned to ${executorId}, which is not there`)
    check.isFalse(this.isDraining || executor.isDraining, `task ${task} was assigned to one that drains`)
    check.isTrue(
      isCapable(executor.spec, spec.requirement),
      `task ${task} was assigned to ${executorId}, which cannot run it`
    )
    check.isFalse(this.aliases.has(task), `task ${task} was handed over before`)
    check.isAtMost(Math.max(story.delayedUntil, entry.startAt ?? 0), this.now, `task ${task} was assigned too early`)
    check.isAbove(entry.deadline ?? Infinity, this.now, `task ${task} was assigned too late`)
    check.strictEqual(this.fateOf(this.view(task)), "open", `task ${task} was assigned before what it follows`)
    check.isAbove(3, this.deaths.get(task) ?? 0, `task ${task} was assigned though it kills`)
    const holder = this.#keepSession(this.view(task), executorId)
    if (holder !== undefined && isCapable(holder.spec, spec.requirement)) {
      check.strictEqual(executorId, holder.id, `task ${task} left its session`)
    }
  }

  /** Who has the session that the task belongs to; if nobody, it is this executor from now on. */
  #keepSession({ entry, view }: EntryView, executorId: string): ExecutorView | undefined {
    if (entry.session === undefined) return undefined
    const session = JSON.stringify([view.submitter, entry.session])
    const known = this.executors.get(this.sessions.get(session) ?? "")
    const isLoose = this.looseSessions.has(session)
    // It may be that nobody has the session any more, or that the one who had it cannot run this task.
    if (isLoose && known !== undefined && !isCapable(known.spec, entry.spec.requirement)) return undefined
    this.looseSessions.delete(session)
    const holder = isLoose ? undefined : known
    const executor = this.executors.get(executorId)
    if (holder === undefined && executor?.isDraining === false) this.sessions.set(session, executorId)
    return holder
  }

  #release(story: TaskStory, told: number): void {
    const { holding, task } = story
    if (holding === undefined) return check.fail(`task ${task} was given back by nobody`)
    const report = this.reportOf(story)
    const isStarted = holding.startedAt !== undefined || report?.startedAt !== undefined
    const isUnsent = this.sent.get(task) !== holding.epoch
    const { spec } = this.view(task).entry
    const isClean = this.left.get(holding.executorId)
    const isReturned = this.wasRecalled(story) ||
      (report === undefined && isClean === true && spec.delivery === "atLeastOnce")
    if ((isReturned && !isStarted) || isUnsent) this.unmade.set(task, (this.unmade.get(task) ?? 0) + 1)
    else {
      this.noteDeath(story, report, isStarted)
      check.isAbove(spec.attempts ?? Infinity, this.made(story), `task ${task} was lost too often`)
    }
    check.strictEqual(told, this.deaths.get(task) ?? 0, `task ${task}: so many died of it`)
  }

  #send(executorId: string, { epoch, isResumed, refs, task }: Commands["assign"][number]["assignments"][number]): void {
    const { end, holding } = this.ledger.story(task)
    check.isUndefined(end, `task ${task} was sent though it had ended`)
    check.includes(holding, { executorId, epoch }, `task ${task} was sent to somebody else`)
    check.strictEqual(this.sent.get(task) === epoch && !isResumed, false, `task ${task} was sent twice`)
    this.sent.set(task, epoch)
    const { entry, view } = this.view(task)
    if (isResumed) return
    if (entry.spec.delivery === "atMostOnce") {
      check.isAtMost(holding?.sequence ?? Infinity, this.committed, `task ${task} was sent before that was durable`)
    }
    for (const { name } of entry.spec.limits) this.starts.set(name, [...this.starts.get(name) ?? [], this.now])
    const wanted = new Set(
      (entry.refs ?? []).map((ref) => typeof ref === "number" ? ref : firstOf(view.entries[ref.entry]))
    )
    const outcomes = [...wanted].flatMap((ref) => this.ledger.tasks.get(ref)?.end?.outcome ?? [])
    check.deepStrictEqual(refs ?? [], outcomes, `task ${task} was given other results`)
  }

  #kill({ epoch, executorId, task }: Commands["revoke"][number]): void {
    const executor = this.executors.get(executorId)
    const spec = this.entryOf.get(task)?.entry.spec
    if (this.ledger.tasks.get(task)?.end?.at !== this.now || spec === undefined) return
    executor?.abandoned.set(task, { epoch, spec })
  }

  #tell(notice: Notice, submitter: string): void {
    if (notice._tag === "Accepted") {
      const request = this.requests.get(notice.request)
      if (request === undefined) return check.fail(`request ${notice.request} was not made`)
      check.isFalse(request.isAcknowledged, `request ${notice.request} was accepted twice`)
      check.strictEqual(request.submitter, submitter, "somebody else is told")
      request.isAcknowledged = true
      for (const { first, place, tasks } of request.entries) {
        check.strictEqual(notice.first[place], first, "its tasks are elsewhere")
        for (const task of tasks) {
          if (this.view(task).chunks.has(task)) continue
          check.isAtMost(this.ledger.story(task).accepted, this.committed, `task ${task} was acknowledged too early`)
        }
      }
      return
    }
    if (notice._tag === "Progress") {
      const { queued, running, succeeded, failed, cancelled, total } = notice.counts
      check.strictEqual(queued + running + succeeded + failed + cancelled, total, "the counts do not add up")
      check.isAtMost(0, Math.min(queued, running), "there cannot be less than none")
      this.progress.set(notice.submission, notice)
    }
    if (notice._tag !== "Ended") return
    for (const { count, entry, index, outcome, request, task } of notice.endings) {
      for (let each = task; each < task + count; each++) {
        const story = this.ledger.story(each)
        const view = this.view(each)
        check.isTrue(view.view.isAcknowledged, `the end of task ${each} was told before it was accepted`)
        check.isTrue(this.isCommitted(story), `the end of task ${each} was told too early`)
        check.isFalse(this.told.has(each), `the end of task ${each} was told twice`)
        check.strictEqual(outcome, story.end?.outcome, `task ${each} ended otherwise`)
        check.deepStrictEqual([request, entry], [view.view.request, view.place], `task ${each} is of another entry`)
        check.strictEqual(view.view.submitter, submitter, `somebody else is told of task ${each}`)
        check.strictEqual(index + each - task, this.indexOf(each), `task ${each} has another index`)
        this.told.set(each, outcome)
        this.toldAt.set(each, this.now)
      }
    }
  }
}

const firstOf = (view: EntryView | undefined): number => view === undefined || view.entry.count === 0 ? -1 : view.first
