/**
 * Points in time as people read them, in their own time zone, and as programs
 * do, in ISO 8601. Times are in milliseconds since 1970.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import { durationText } from "./Quantity.ts"

/** What time it is, and by how many minutes the local clock is ahead of UTC at some time. */
export interface LocalTime {
  readonly now: number
  readonly offset: (time: number) => number
}

const two = (value: number): string => String(value).padStart(2, "0")

/** The latest time that a calendar has. */
const latest = 8.64e15

const partsOf = (time: number, { offset }: LocalTime): DateTime.DateTime.Parts =>
  DateTime.toPartsUtc(DateTime.makeUnsafe(time + offset(time) * 60_000))

const isTime = (time: number): boolean => Math.abs(time) <= latest - 86_400_000

const dateOf = ({ day, month, year }: DateTime.DateTime.Parts): string => `${year}-${two(month)}-${two(day)}`

const clockOf = ({ hour, minute, second }: DateTime.DateTime.Parts): string =>
  `${two(hour)}:${two(minute)}:${two(second)}`

/** "14:03:07" for a time of today, "2026-11-21 14:03:07" for others. */
export const timeText = (time: number, local: LocalTime): string => {
  if (!isTime(time)) return "at no time"
  const parts = partsOf(time, local)
  const date = dateOf(parts)
  return date === dateOf(partsOf(local.now, local)) ? clockOf(parts) : `${date} ${clockOf(parts)}`
}

/** The same to the millisecond. */
export const preciseText = (time: number, local: LocalTime): string =>
  isTime(time)
    ? `${timeText(time, local)}.${String(partsOf(time, local).millisecond).padStart(3, "0")}`
    : timeText(time, local)

/** The time, and how long ago that was or in how long it will be. */
export const distanceText = (time: number, local: LocalTime): string => {
  const far = local.now - time
  if (!isTime(time)) return timeText(time, local)
  return `${timeText(time, local)} (${far < 0 ? `in ${durationText(-far)}` : `${durationText(far)} ago`})`
}

/** "2026-11-21T13:03:07.000Z". */
export const isoText = (time: number): string => isTime(time) ? DateTime.formatIso(DateTime.makeUnsafe(time)) : ""

type Iso<A, Keys extends keyof A> = { readonly [K in keyof A]: K extends Keys ? string : A[K] }

/** The data with those of its fields as ISO texts that are times; absent ones stay absent. */
export const withIso = <A extends object, const Keys extends keyof A>(
  data: A,
  keys: ReadonlyArray<Keys>
): Iso<A, Keys> => {
  const times = keys.flatMap((key) => {
    const time = data[key]
    return typeof time === "number" ? [[key, isoText(time)] as const] : []
  })
  // Those fields, and no others, were numbers and are texts now.
  return { ...data, ...Object.fromEntries(times) } as Iso<A, Keys>
}
