/**
 * Many alike things as one row of numbers, and their bytes as one run: a tenth
 * of the time that a struct for each takes. As JSON, a plain list of numbers.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../../task/Outcome.ts"
import { Encoding } from "../../task/Payload.ts"

const encodings = Encoding.literals
/** In place of the number of an encoding: the outcome lies beside. */
export const beside = encodings.length

/** A number of something that is counted. Throws for any other. */
export const natural = (number: number | undefined): number => {
  if (Number.isSafeInteger(number) && number! >= 0) return number!
  throw new RangeError(`${number} is no whole number from 0 on`)
}

/** The number of a result's encoding; `beside` for an outcome of any other shape. */
export const encodingOf = (outcome: Outcome): number =>
  outcome._tag === "Succeeded" && outcome.value.blob === undefined ? encodings.indexOf(outcome.value.encoding) : beside

/** The bytes of an outcome that is a plain result. */
export const resultOf = (outcome: Outcome): Uint8Array => outcome._tag === "Succeeded" ? outcome.value.bytes : nothing

const nothing = new Uint8Array()

/** Puts runs of bytes into one. */
export const joined = (runs: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  let size = 0
  for (const { length } of runs) size += length
  const bytes = new Uint8Array(size)
  let at = 0
  for (const run of runs) {
    const { length } = run
    // Below that a call costs more than the bytes.
    if (length >= 32) bytes.set(run, at)
    else for (let index = 0; index < length; index++) bytes[at + index] = run[index]!
    at += length
  }
  return bytes
}

/** Takes runs of bytes out of one, in order. */
export class Cut {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  take(length: number | undefined): Uint8Array {
    const end = this.#at + natural(length)
    if (end > this.#bytes.length) throw new RangeError("There are fewer bytes than their lengths say")
    const run = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return run
  }

  /** A plain result of that encoding. */
  result(encoding: number | undefined, length: number | undefined): Outcome {
    const name = encodings[encoding ?? -1]
    if (name === undefined) throw new RangeError(`${encoding} is no encoding`)
    return { _tag: "Succeeded", value: { encoding: name, bytes: this.take(length) } }
  }
}

/** The rows of so many columns that a list of numbers has. */
export const rowsOf = (numbers: ReadonlyArray<number>, columns: number): number => {
  const rows = numbers.length / columns
  if (!Number.isInteger(rows)) throw new RangeError(`A row has ${columns} numbers`)
  return rows
}
