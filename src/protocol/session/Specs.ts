/**
 * Kinds of task on their way: each is named once on a connection, and goes by a
 * number from then on.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { type Limit, TaskSpec } from "../../task/TaskSpec.ts"

const Positive = Schema.Int.check(Schema.isGreaterThan(0))

/** A limit of either kind: what tells them apart has to be plain to every encoding. */
const LimitRow = Schema.Struct({
  name: Schema.NonEmptyString,
  concurrency: Schema.optionalKey(Positive),
  rate: Schema.optionalKey(Positive),
  per: Schema.optionalKey(Schema.Number.check(Schema.isGreaterThan(0)))
})

/** A kind of task as it is written. */
export const TaskSpecRow = Schema.Struct({ ...TaskSpec.fields, limits: Schema.Array(LimitRow) })
/** See the schema. */
export type TaskSpecRow = typeof TaskSpecRow.Type

/** Reads a kind of task; throws for nonsense. */
export const specOf = ({ limits, ...rest }: TaskSpecRow): TaskSpec => ({
  ...rest,
  limits: limits.map(({ concurrency, name, per, rate }): Limit => {
    if (concurrency !== undefined) return { name, concurrency }
    if (rate !== undefined && per !== undefined) return { name, rate, per }
    throw new TypeError(`The limit ${name} has neither a concurrency nor a rate`)
  })
})

/** So many are known at a time; then numbers are given out anew. */
export const most = 1_024

/** Of all kinds that are known at a time, as JSON. */
const mostSize = 8 * 2 ** 20

/** A kind of task and its number from now on. */
export type Named = readonly [number: number, spec: TaskSpecRow]

/** The end that names them. */
export class SpecNames {
  readonly #numbers = new Map<TaskSpec, number>()
  #named: Array<Named> = []
  #last: TaskSpec | undefined
  #lastNumber = -1

  numberOf(spec: TaskSpec): number {
    if (spec === this.#last) return this.#lastNumber
    let number = this.#numbers.get(spec)
    if (number === undefined) {
      // Not before those of this frame are on their way.
      if (this.#numbers.size >= most && this.#named.length === 0) this.#numbers.clear()
      number = this.#numbers.size
      this.#numbers.set(spec, number)
      this.#named.push([number, spec])
    }
    this.#last = spec
    this.#lastNumber = number
    return number
  }

  /** Those that this frame has named. */
  take(): ReadonlyArray<Named> {
    if (this.#named.length === 0) return this.#named
    const named = this.#named
    this.#named = []
    if (this.#numbers.size >= most) {
      this.#numbers.clear()
      this.#last = undefined
    }
    return named
  }
}

/** The end that is told. */
export class SpecTable {
  readonly #specs: Array<TaskSpec> = []
  readonly #sizes: Array<number> = []
  #size = 0

  learn(named: ReadonlyArray<Named>): void {
    for (const [number, spec] of named) {
      if (!(Number.isSafeInteger(number) && number >= 0 && number < 64 * most)) {
        throw new RangeError(`${number} is no number of a kind of task`)
      }
      const size = JSON.stringify(spec).length
      this.#size += size - (this.#sizes[number] ?? 0)
      if (this.#size > mostSize) throw new RangeError(`Kinds of task take more than ${mostSize} characters`)
      this.#sizes[number] = size
      this.#specs[number] = specOf(spec)
    }
  }

  find(number: number): TaskSpec {
    const spec = this.#specs[number]
    if (spec === undefined) throw new RangeError(`Nobody has named the kind of task ${number}`)
    return spec
  }
}
