/**
 * Times and sizes as people write them, in code as in JSON.
 *
 * @since 0.1.0
 */
import { ByteSize, Duration, Option, Schema } from "effect"

const durationOf = Schema.decodeUnknownOption(Schema.DurationFromString)
const sizeOf = Schema.decodeUnknownOption(Schema.ByteSizeFromString)

const isTime = (text: string): boolean =>
  Option.exists(durationOf(text), (duration) => Duration.isGreaterThanOrEqualTo(duration, Duration.zero))

const timeText = Schema.String.check(
  Schema.makeFilter(isTime, { expected: "a time such as \"500 millis\", \"2 seconds\" or \"1 hour\"" })
)

/** A time: `"2 seconds"`, or a number of milliseconds. */
export const Time = Schema.Union([timeText, Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))]).annotate({
  description: "a time such as \"2 seconds\", or a number of milliseconds"
})
export type Time = typeof Time.Type

/** The duration that a time stands for. */
export const durationOfTime = (time: Time): Duration.Duration =>
  // The schema takes no text that is not a duration.
  typeof time === "number" ? Duration.millis(time) : Option.getOrThrow(durationOf(time))

const isSize = (text: string): boolean =>
  Option.exists(sizeOf(text), (size) => ByteSize.toBigInt(size) <= Number.MAX_SAFE_INTEGER)

const sizeText = Schema.String.check(
  Schema.makeFilter(isSize, { expected: "a size such as \"64 KiB\", \"1 MB\" or \"100 bytes\"" })
)

/** A size: `"1 MiB"`, or a number of bytes. */
export const Size = Schema.Union([sizeText, Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))]).annotate({
  description: "a size such as \"1 MiB\", or a number of bytes"
})
export type Size = typeof Size.Type

/** The number of bytes that a size stands for. */
export const bytesOfSize = (size: Size): number =>
  // The schema takes no text that is not a size.
  typeof size === "number" ? size : ByteSize.toNumberUnsafe(Option.getOrThrow(sizeOf(size)))
