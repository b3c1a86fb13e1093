/**
 * Attempts that an executor holds and has not started: the highest priority
 * first, in order of arrival within it.
 *
 * @since 0.1.0
 */
import { Deque } from "../src/dispatch/Deque.ts"
import type { Attempt } from "../src/protocol/ExecutorPort.ts"

interface Level {
  readonly priority: number
  readonly attempts: Deque<Attempt>
}

/** Taking one out early looks through all of them: that is rare, and adding and starting are not. */
export class Backlog {
  #levels: Array<Level> = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(attempt: Attempt): void {
    this.#level(attempt.assignment.batch.priority).attempts.push(attempt)
    this.#size++
  }

  /** The next to start, taken out. */
  next(): Attempt | undefined {
    if (this.#size === 0) return undefined
    for (const { attempts } of this.#levels) {
      const attempt = attempts.shift()
      if (attempt === undefined) continue
      this.#size--
      return attempt
    }
    return undefined
  }

  /** Takes that attempt out; false if it is not waiting here. */
  remove(task: number, epoch: number): boolean {
    for (const { attempts } of this.#levels) {
      const before = attempts.length
      attempts.filter(({ assignment }) => assignment.task !== task || assignment.epoch !== epoch)
      if (attempts.length === before) continue
      this.#size--
      return true
    }
    return false
  }

  #level(priority: number): Level {
    const known = this.#levels.find((level) => level.priority === priority)
    if (known !== undefined) return known
    const level = { priority, attempts: new Deque<Attempt>() }
    this.#levels = [...this.#levels.filter(({ attempts }) => attempts.length > 0), level]
    this.#levels.sort((left, right) => right.priority - left.priority)
    return level
  }
}
