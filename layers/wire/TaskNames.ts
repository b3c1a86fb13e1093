/**
 * What a peer must know of its server to name tasks and times as that does.
 *
 * @since 0.1.0
 */
import type { Clock } from "effect"
import type { ServerInfo } from "../../services/Server.ts"
import { Positions } from "../../src/dispatch/Positions.ts"
import { Generation, Partition, TaskId } from "../../src/task/TaskId.ts"

/** Follows the server as it is started anew. */
export class TaskNames {
  readonly #clock: Clock.Clock
  readonly #info: () => ServerInfo
  #known: ServerInfo | undefined
  #positions: Positions | undefined
  #prefix = ""

  constructor(clock: Clock.Clock, info: () => ServerInfo) {
    this.#clock = clock
    this.#info = info
  }

  /** The name of the task at a position. */
  readonly idOf = (task: number): string => {
    const positions = this.#current()
    // Those of this generation are nearly all.
    return task >= positions.first ? `${this.#prefix}${task - positions.first}` : positions.idOf(task).toString()
  }

  /** The position of a task, known to the server or not. */
  readonly positionOf = (taskId: string): number | undefined => {
    const parts = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(taskId)
    if (parts === null) return undefined
    const [, partition, generation, number] = parts
    return this.#current().positionOf(
      new TaskId({
        partition: Partition.make(Number(partition)),
        generation: Generation.make(Number(generation)),
        number: Number(number)
      })
    )
  }

  /** A time on this process's clock, as the server's has it. */
  readonly toServerTime = (time: number): number => {
    const { wallOffset } = this.#info()
    return time + this.#wallOffset() - wallOffset
  }

  /** Microseconds since 1970: no two processes of a machine begin at the same. */
  readonly now = (): number => this.#clock.currentTimeMillisUnsafe() * 1_000

  #wallOffset(): number {
    return this.#clock.currentTimeMillisUnsafe() - Number(this.#clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000
  }

  #current(): Positions {
    const info = this.#info()
    if (this.#positions === undefined || this.#known !== info) {
      this.#known = info
      this.#positions = new Positions(info.partition, info.generation, info.past)
      this.#prefix = `${info.partition}.${info.generation}.`
    }
    return this.#positions
  }
}
