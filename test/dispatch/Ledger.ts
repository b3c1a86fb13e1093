import type { Transition } from "../../src/dispatch/Command.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { check } from "./Checks.ts"

/** An attempt that somebody was given, as the records tell it. */
export interface Holding {
  readonly executorId: string
  readonly epoch: number
  /** The record by which it is leased now, and that by which it was given out. */
  readonly sequence: number
  readonly assigned: number
  startedAt: number | undefined
  stopping: { readonly since: number; readonly reason: string } | undefined
}

/** One task's story so far. */
export interface TaskStory {
  readonly task: number
  readonly accepted: number
  epoch: number
  deaths: number
  holding: Holding | undefined
  delayedUntil: number
  end: { readonly sequence: number; readonly at: number; readonly outcome: Outcome } | undefined
  isForgotten: boolean
}

/**
 * What can be told from the records alone. It knows what may follow what, and
 * nothing of how that was decided.
 */
export class Ledger {
  readonly tasks = new Map<number, TaskStory>()
  readonly executors = new Set<string>()
  sequence: number
  /** The position after the last task. */
  next = 0

  constructor(sequence = 0) {
    this.sequence = sequence
  }

  story(task: number): TaskStory {
    const story = this.tasks.get(task)
    if (story === undefined) return check.fail(`task ${task} was never accepted`)
    return story
  }

  /** A new generation: who was there before must join again, and may or may not run what it held. */
  restart(): void {
    this.executors.clear()
    for (const story of this.tasks.values()) {
      story.isForgotten = false
      if (story.holding !== undefined) story.holding.stopping = undefined
    }
  }

  apply(transition: Transition): void {
    const { at, count, detail, epoch, executorId = "", kind, sequence, task } = transition
    check.strictEqual(sequence, this.sequence + 1, "a record is missing, or there twice")
    this.sequence = sequence
    if (kind === "Joined") {
      check.isFalse(this.executors.has(executorId), `${executorId} joined twice`)
      this.executors.add(executorId)
      return
    }
    if (kind === "Left") {
      check.isTrue(this.executors.delete(executorId), `${executorId} left and was not there`)
      return
    }
    if (kind === "Accepted") return this.#accept(task, count, sequence)
    for (let each = task; each < task + count; each++) this.#advance(this.story(each), transition)
    if (kind !== "Ended") check.strictEqual(count, 1, `${kind} is of one task`)
    if (kind === "Released") this.story(task).deaths = typeof detail === "number" ? detail : 0
    if (kind === "Retrying") this.story(task).delayedUntil = at + Number(detail)
    if (kind === "Assigned") this.story(task).epoch = epoch
  }

  #accept(first: number, count: number, sequence: number): void {
    check.isAtMost(this.next, first, "a position was given out twice")
    this.next = first + count
    for (let task = first; task < first + count; task++) {
      this.tasks.set(task, {
        task,
        accepted: sequence,
        epoch: 0,
        deaths: 0,
        holding: undefined,
        delayedUntil: -Infinity,
        end: undefined,
        isForgotten: false
      })
    }
  }

  #advance(story: TaskStory, transition: Transition): void {
    const { at, count, detail, epoch, executorId = "", kind, sequence, task } = transition
    const { end, holding } = story
    if (kind === "Forgotten") {
      check.isDefined(end, `task ${task} is forgotten and has not ended`)
      check.isFalse(story.isForgotten, `task ${task} is forgotten twice`)
      story.isForgotten = true
      return
    }
    check.isUndefined(end, `task ${task} has ended, and goes on: ${kind}`)
    const holder = { executorId, epoch, sequence, assigned: sequence, startedAt: undefined, stopping: undefined }
    switch (kind) {
      case "Assigned":
        check.isUndefined(holding, `task ${task} is assigned twice`)
        check.strictEqual(epoch, story.epoch + 1, `task ${task}: epochs grow by one`)
        check.isTrue(this.executors.has(executorId), `task ${task} was assigned to ${executorId}, which is not there`)
        story.holding = holder
        return
      case "Adopted":
        check.includes(holding, { executorId, epoch }, `task ${task} was adopted by somebody else`)
        story.holding = { ...holder, assigned: holding?.assigned ?? sequence, startedAt: holding?.startedAt ?? at }
        return
      case "Started":
        check.includes(holding, { executorId, epoch, startedAt: undefined }, `task ${task} started elsewhere`)
        if (holding !== undefined) holding.startedAt = at
        return
      case "Stopping":
        check.includes(holding, { executorId, epoch, stopping: undefined }, `task ${task} is stopped twice`)
        if (holding !== undefined) holding.stopping = { since: at, reason: String(detail) }
        return
      case "Released":
      case "Retrying":
        check.strictEqual(holding?.epoch, epoch, `task ${task} was given back by nobody`)
        story.holding = undefined
        return
      default: {
        if (typeof detail !== "object") return check.fail(`task ${task} ended without an outcome`)
        if (count > 1) check.strictEqual(story.epoch, 0, `task ${task} ended among those that were never assigned`)
        check.strictEqual(epoch, story.epoch, `task ${task} ended in another attempt`)
        story.holding = undefined
        story.end = { sequence, at, outcome: detail }
      }
    }
  }
}
