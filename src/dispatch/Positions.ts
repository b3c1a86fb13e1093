/**
 * Positions of tasks in a partition: those of each generation follow those of
 * the one before, so that every task has one dense number.
 *
 * @since 0.1.0
 */
import { Generation, Partition, TaskId } from "../task/TaskId.ts"

/** How many tasks an earlier generation accepted. */
export interface PastGeneration {
  readonly generation: number
  readonly count: number
}

/** Turns ids into positions and back; nothing but an id of this partition has a position. */
export class Positions {
  readonly #partition: Partition
  readonly #starts: ReadonlyArray<{ readonly generation: Generation; readonly first: number; readonly count: number }>
  /** Of the first task of the current generation. */
  readonly first: number

  constructor(partition: number, current: number, past: ReadonlyArray<PastGeneration>) {
    this.#partition = Partition.make(partition)
    let first = 0
    const starts = past.map(({ count, generation }) => {
      const start = { generation: Generation.make(generation), first, count }
      first += count
      return start
    })
    this.first = first
    this.#starts = [...starts, { generation: Generation.make(current), first, count: Infinity }]
  }

  idOf(position: number): TaskId {
    const start = this.#starts.findLast(({ count, first }) => first <= position && count > 0)
    if (start === undefined) throw new RangeError(`position ${position} is no task's`)
    return new TaskId({
      partition: this.#partition,
      generation: start.generation,
      number: position - start.first
    }, { disableChecks: true })
  }

  positionOf({ generation, number, partition }: TaskId): number | undefined {
    const start = this.#starts.find((start) => start.generation === generation)
    return partition === this.#partition && start !== undefined && number < start.count
      ? start.first + number
      : undefined
  }
}
