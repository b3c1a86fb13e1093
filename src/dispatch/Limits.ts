/**
 * Named limits on how many attempts run at once, or start in a span of time,
 * over all tasks that name them.
 *
 * @since 0.1.0
 */
import type { Limit } from "../task/TaskSpec.ts"
import { Deque } from "./Deque.ts"
import type { Lane, TaskClass } from "./Lane.ts"

/** One limit and the lanes that wait for it: of each class the highest priority first, in order within it. */
export class LimitState {
  readonly limit: Limit
  readonly #parked = new Map<TaskClass, Array<Lane>>()
  /** Of sessions: each waits for one executor too, so that no other can stand for it. */
  readonly #bound = new Set<Lane>()
  /** When the last attempts started, at most `rate` of them. */
  readonly #starts = new Deque<number>()
  /** Attempts that have been given out and will start once that is durable. */
  #pending = 0
  #taken = 0
  /** Classes that name it. */
  users = 0
  /** A timer for the next free start is set. */
  isTimed = false

  constructor(limit: Limit) {
    this.limit = limit
  }

  /** When one more may start: `now` or earlier if at once, `Infinity` if only after another has ended or started. */
  get nextAt(): number {
    const { limit } = this
    if ("concurrency" in limit) return this.#taken < limit.concurrency ? -Infinity : Infinity
    const inTheWay = this.#starts.length + this.#pending - limit.rate
    return inTheWay < 0 ? -Infinity : (this.#starts.at(inTheWay) ?? Infinity) + limit.per
  }

  /** When nothing counts any more of what was done under it. */
  get idleAt(): number {
    const { limit } = this
    if ("concurrency" in limit) return this.#taken === 0 ? -Infinity : Infinity
    return this.#pending > 0 ? Infinity : (this.#starts.at(this.#starts.length - 1) ?? -Infinity) + limit.per
  }

  take(): void {
    this.#taken++
  }

  release(): void {
    this.#taken--
  }

  /** An attempt starts, or will: until it has, nobody knows when. */
  start(now: number): void {
    const { limit } = this
    if (!("rate" in limit)) return
    for (
      let first = this.#starts.peek();
      first !== undefined && first + limit.per <= now;
      first = this.#starts.peek()
    ) {
      this.#starts.shift()
    }
    this.#starts.push(now)
  }

  plan(): void {
    this.#pending++
  }

  unplan(): void {
    this.#pending--
  }

  get isAwaited(): boolean {
    return this.#parked.size > 0 || this.#bound.size > 0
  }

  park(lane: Lane): void {
    if (lane.session !== undefined) {
      this.#bound.add(lane)
      return
    }
    const lanes = this.#parked.get(lane.taskClass)
    if (lanes === undefined) {
      this.#parked.set(lane.taskClass, [lane])
      return
    }
    const after = lanes.findLastIndex(({ priority }) => priority >= lane.priority)
    lanes.splice(after + 1, 0, lane)
  }

  /**
   * Lets one lane of each class try again: where it finds no executor, none of
   * its class would, and once it is served the next is let go.
   */
  wake(): ReadonlyArray<Lane> {
    const awake = [...this.#bound]
    this.#bound.clear()
    for (const [taskClass, lanes] of this.#parked) {
      const lane = lanes.shift()
      if (lane !== undefined) awake.push(lane)
      if (lanes.length === 0) this.#parked.delete(taskClass)
    }
    return awake
  }

  /** Nobody waits in that lane any more. */
  forget(lane: Lane): void {
    this.#bound.delete(lane)
    const lanes = this.#parked.get(lane.taskClass)
    if (lanes === undefined) return
    const left = lanes.filter((other) => other !== lane)
    if (left.length > 0) this.#parked.set(lane.taskClass, left)
    else this.#parked.delete(lane.taskClass)
  }

  isSame(other: Limit): boolean {
    const { limit } = this
    if ("concurrency" in limit) return "concurrency" in other && other.concurrency === limit.concurrency
    return "rate" in other && other.rate === limit.rate && other.per === limit.per
  }
}
