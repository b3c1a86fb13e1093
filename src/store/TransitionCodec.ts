/**
 * Transitions that follow one another as one run of bytes: a column for each
 * field, then the results. It runs for every task of a durable server.
 *
 * @since 0.1.0
 */
import type { Transition } from "../dispatch/Command.ts"
import type { ExecutorId } from "../task/Attempt.ts"
import type { Outcome } from "../task/Outcome.ts"
import { partsOf, withParts } from "../task/Parts.ts"
import { type BlobRef, Encoding, type Payload } from "../task/Payload.ts"
import { ColumnReader, ColumnWriter } from "./Columns.ts"
import * as OutcomeText from "./OutcomeText.ts"

/** The form that is written here; others are refused. The bytes also tell in which order a number's bytes are. */
const version = 0xcad1

const kinds: ReadonlyArray<Transition["kind"]> = [
  "Accepted",
  "Assigned",
  "Started",
  "Adopted",
  "Released",
  "Retrying",
  "Stopping",
  "Ended",
  "Joined",
  "Left",
  "Forgotten"
]
const numberOf = Object.fromEntries(kinds.map((kind, number) => [kind, number])) as Record<Transition["kind"], number>
const encodings = Encoding.literals

/**
 * What a detail is. The second number of a text or another outcome is its place
 * among the texts, that of a payload how many bytes it has.
 */
const Detail = { none: 0, number: 1, text: 2, outcome: 3, timedOut: 4, expired: 5, succeeded: 8, failed: 16 } as const
// Added to the kind and the encoding of a payload.
const withBlob = 4
const withBeside = 32

/** What is rare: texts, and what belongs to payloads beside their bytes, in order. */
interface Rare {
  readonly texts: Array<string>
  readonly blobs: Array<BlobRef>
  /** The lengths of the parts of each that has some. */
  readonly parts: Array<ReadonlyArray<number>>
}

/** Each text once, however often it is said. */
class Texts {
  readonly all: Array<string> = []
  readonly #places = new Map<string, number>()
  #last: string | undefined
  #place = -1

  place(text: string): number {
    // What follows one another is mostly of one executor.
    if (text === this.#last) return this.#place
    let place = this.#places.get(text)
    if (place === undefined) {
      place = this.all.push(text) - 1
      this.#places.set(text, place)
    }
    this.#last = text
    return this.#place = place
  }
}

const copy = (from: Uint8Array, to: Uint8Array, at: number): number => {
  const { length } = from
  if (length >= 32) to.set(from, at)
  else for (let index = 0; index < length; index++) to[at + index] = from[index]!
  return at + length
}

/** Writes transitions whose numbers have no gap. */
export const encode = (transitions: ReadonlyArray<Transition>): Uint8Array => {
  const count = transitions.length
  const texts = new Texts()
  const rare: Rare = { texts: texts.all, blobs: [], parts: [] }
  const column = () => new Float64Array(count)
  const [kind, task, tasks, epoch, at, executor, what, extra] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
    column()
  ] as const
  const numbers: Array<number> = []
  const pieces: Array<Uint8Array> = []
  let size = 0
  let other: Outcome | undefined
  let otherPlace = 0
  const note = (payload: Payload, base: number, index: number): void => {
    const { blob, bytes, encoding } = payload
    let form = base + encodings.indexOf(encoding)
    if (blob !== undefined) {
      form += withBlob
      rare.blobs.push(blob)
    }
    pieces.push(bytes)
    size += bytes.length
    const beside = partsOf(bytes)
    if (beside !== undefined) {
      form += withBeside
      rare.parts.push(beside.map(({ length }) => length))
      for (const part of beside) {
        pieces.push(part)
        size += part.length
      }
    }
    what[index] = form
    extra[index] = bytes.length
  }
  for (let index = 0; index < count; index++) {
    const transition = transitions[index]!
    kind[index] = numberOf[transition.kind]
    task[index] = transition.task
    tasks[index] = transition.count
    epoch[index] = transition.epoch
    at[index] = transition.at
    const { detail, executorId } = transition
    executor[index] = executorId === undefined ? -1 : texts.place(executorId)
    if (detail === undefined) continue
    if (typeof detail === "number") {
      what[index] = Detail.number
      numbers.push(detail)
    } else if (typeof detail === "string") {
      what[index] = Detail.text
      extra[index] = texts.place(detail)
    } else if (detail._tag === "Succeeded") note(detail.value, Detail.succeeded, index)
    else if (detail._tag === "Failed") note(detail.error, Detail.failed, index)
    else if (detail._tag === "TimedOut") {
      what[index] = Detail.timedOut
      numbers.push(detail.after)
    } else if (detail._tag === "Expired") {
      what[index] = Detail.expired
      numbers.push(detail.deadline)
    } else {
      // Whatever is cancelled together ends with the same outcome.
      if (detail !== other) {
        otherPlace = texts.place(OutcomeText.encode(detail))
        other = detail
      }
      what[index] = Detail.outcome
      extra[index] = otherPlace
    }
  }
  const isRare = rare.texts.length > 0 || rare.blobs.length > 0 || rare.parts.length > 0
  const text = isRare
    ? new TextEncoder().encode(JSON.stringify([rare.texts, rare.blobs, rare.parts]))
    : new Uint8Array()
  const writer = new ColumnWriter(256 + count * 16 + numbers.length * 8 + text.length + size)
  for (const value of [version, count, transitions[0]?.sequence ?? 0, numbers.length, text.length, size]) {
    writer.number(value)
  }
  for (const values of [kind, task, tasks, epoch, at, executor, what, extra]) writer.numbers(values)
  writer.numbers(Float64Array.from(numbers))
  writer.room(text.length).set(text)
  const room = writer.room(size)
  let end = 0
  for (const piece of pieces) end = copy(piece, room, end)
  return writer.take()
}

/** Reads them again; results are views of the bytes. Throws a `RangeError` or `SyntaxError` for what is none of this. */
export const decode = (bytes: Uint8Array): ReadonlyArray<Transition> => {
  const reader = new ColumnReader(bytes)
  const found = reader.number()
  if (found !== version) throw new RangeError(`transitions are in a form ${found} that is not known`)
  const count = reader.number()
  const first = reader.number()
  const numberCount = reader.number()
  const textSize = reader.number()
  const size = reader.number()
  // In the order in which they were written.
  const kind = reader.numbers(count)
  const task = reader.numbers(count)
  const tasks = reader.numbers(count)
  const epoch = reader.numbers(count)
  const at = reader.numbers(count)
  const executor = reader.numbers(count)
  const what = reader.numbers(count)
  const extra = reader.numbers(count)
  const numbers = reader.numbers(numberCount)
  const text = reader.bytes(textSize)
  const details = new Details(numbers, text, reader.bytes(size))
  const transitions: Array<Transition> = []
  for (let index = 0; index < count; index++) {
    const of = executor[index]!
    transitions.push({
      sequence: first + index,
      at: at[index]!,
      kind: kinds[kind[index]!] ?? unknown(kind[index]!),
      task: task[index]!,
      count: tasks[index]!,
      epoch: epoch[index]!,
      executorId: of < 0 ? undefined : details.executor(of),
      detail: details.next(what[index]!, extra[index]!)
    })
  }
  return transitions
}

const unknown = (kind: number): never => {
  throw new RangeError(`a transition is of a kind ${kind} that is not known`)
}

/** Hands out details in the order in which they were written. */
class Details {
  readonly #numbers: Float64Array
  readonly #rare: Rare
  readonly #bytes: Uint8Array
  readonly #outcomes = new Map<number, Outcome>()
  #number = 0
  #blob = 0
  #part = 0
  #end = 0

  constructor(numbers: Float64Array, text: Uint8Array, bytes: Uint8Array) {
    this.#numbers = numbers
    this.#bytes = bytes
    const [texts, blobs, parts] = text.length === 0 ? [[], [], []] : JSON.parse(new TextDecoder().decode(text))
    this.#rare = { texts, blobs, parts }
  }

  #text(place: number): string {
    const text = this.#rare.texts[place]
    if (text === undefined) throw new RangeError("a text is missing")
    return text
  }

  executor(place: number): ExecutorId {
    return this.#text(place) as ExecutorId // it was one when it was written
  }

  next(what: number, extra: number): Transition["detail"] {
    switch (what) {
      case Detail.none:
        return undefined
      case Detail.number:
        return this.#numbers[this.#number++]!
      case Detail.text:
        return this.#text(extra)
      case Detail.timedOut:
        return { _tag: "TimedOut", after: this.#numbers[this.#number++]! }
      case Detail.expired:
        return { _tag: "Expired", deadline: this.#numbers[this.#number++]! }
      case Detail.outcome:
        return this.#outcome(extra)
      default: {
        const payload = this.#payload(what, extra)
        return (what & Detail.failed) === 0 ? { _tag: "Succeeded", value: payload } : { _tag: "Failed", error: payload }
      }
    }
  }

  #outcome(place: number): Outcome {
    const known = this.#outcomes.get(place)
    if (known !== undefined) return known
    const outcome = OutcomeText.decode(this.#text(place))
    this.#outcomes.set(place, outcome)
    return outcome
  }

  #take(length: number): Uint8Array {
    const from = this.#end
    return this.#bytes.subarray(from, this.#end = from + length)
  }

  #payload(what: number, length: number): Payload {
    const bytes = this.#take(length)
    const encoding = encodings[what & 3]
    if (encoding === undefined) throw new RangeError(`a payload is in an encoding ${what & 3} that is not known`)
    if ((what & withBeside) !== 0) {
      withParts(bytes, (this.#rare.parts[this.#part++] ?? []).map((length) => this.#take(length)))
    }
    if ((what & withBlob) === 0) return { encoding, bytes }
    const blob = this.#rare.blobs[this.#blob++]
    return blob === undefined ? { encoding, bytes } : { encoding, bytes, blob }
  }
}
