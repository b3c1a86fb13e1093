/**
 * Many payloads in one buffer: nothing is allocated for each.
 *
 * @since 0.1.0
 */
import { Data, Effect, Exit, type Schema } from "effect"
import { type Coding, exitOf } from "./Coding.ts"

/** The payloads of a batch in one buffer: payload `i` is from `offsets[i]` to `offsets[i + 1]`. */
export interface EncodedBatch {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly offsets: Uint32Array<ArrayBuffer>
}

/** A value of a batch that its schema refuses; nothing of the batch is encoded. */
export class ValueRefused extends Data.TaggedError("ValueRefused")<{
  readonly index: number
  readonly error: Schema.SchemaError
}> {
  override get message(): string {
    return `The value at index ${this.index} does not match its schema: ${this.error.message}`
  }
}

/** Bytes that grow by doubling; what they are in the end is given back as exactly one buffer. */
class Batch {
  bytes = new Uint8Array(256)
  length = 0
  readonly offsets: Array<number> = [0]

  add(bytes: Uint8Array): void {
    const { length } = bytes
    if (this.length + length > this.bytes.length) this.grow(this.length + length)
    if (length < 32) {
      for (let index = 0; index < length; index++) {
        this.bytes[this.length + index] = bytes[index] ?? 0
      }
    } else this.bytes.set(bytes, this.length)
    this.length += length
    this.offsets.push(this.length)
  }

  private grow(least: number): void {
    const next = new Uint8Array(Math.max(least, this.bytes.length * 2))
    next.set(this.bytes.subarray(0, this.length))
    this.bytes = next
  }

  done(): EncodedBatch {
    return { bytes: new Uint8Array(this.bytes.buffer.transfer(this.length)), offsets: Uint32Array.from(this.offsets) }
  }
}

/** Encodes values one by one into one buffer, with as much of it done at once as `encode` answers at once. */
export const encodeAll = (encode: Coding["encode"]) => (values: Iterable<unknown>) => {
  const batch = new Batch()
  let iterator: Iterator<unknown> | undefined
  let index = 0
  const refused = (index: number) => (error: Schema.SchemaError) => {
    iterator?.return?.()
    return new ValueRefused({ index, error })
  }
  const next = (): Effect.Effect<EncodedBatch, ValueRefused, unknown> => {
    try {
      iterator ??= values[Symbol.iterator]()
      for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
        const at = index++
        const result = encode(step.value)
        const exit = exitOf(result)
        if (exit?._tag === "Success") batch.add(exit.value)
        else if (exit) return Effect.mapErrorEager(Exit.failCause(exit.cause), refused(at))
        else return Effect.flatMap(Effect.mapError(result, refused(at)), (bytes) => (batch.add(bytes), next()))
      }
      return Exit.succeed(batch.done())
    } catch (defect) {
      // Whoever makes the values threw.
      return Exit.die(defect)
    }
  }
  return next()
}
