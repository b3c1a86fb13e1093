/**
 * Amounts as people write and read them.
 *
 * @since 0.1.0
 */
import { Duration, Option } from "effect"

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000
}

/** Reads "500ms", "30s", "1.5 min", "2 hours" or "1h 30m"; a bare number is none. */
export const readDuration = (text: string): Option.Option<Duration.Duration> => {
  const parts = [...text.trim().toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy)]
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.trim().toLowerCase()) return Option.none()
  let millis = 0
  for (const [, amount, unit = ""] of parts) {
    const factor = units[unit] ?? units[unit.replace(/s$/, "")]
    if (factor === undefined) return Option.none()
    millis += Number(amount) * factor
  }
  return Option.some(Duration.millis(millis))
}

/** Milliseconds as "230 ms", "3.2 s", "2 min 5 s" or "1 h 3 min". */
export const durationText = (millis: number): string => {
  if (millis < 999.5) return `${Math.round(millis)} ms`
  const seconds = millis / 1_000
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`
  const minutes = Math.round(seconds) / 60
  const [small, large] = minutes < 60
    ? [`${Math.round(seconds) % 60} s`, `${Math.floor(minutes)} min`]
    : [`${Math.floor(minutes) % 60} min`, `${Math.floor(minutes / 60)} h`]
  return small.startsWith("0 ") ? large : `${large} ${small}`
}

/** A whole number with its thousands apart: 1,234,567. */
export const countText = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, ",")

/** How many a second: two digits where that is little. */
export const rateText = (count: number, millis: number): string => {
  const rate = millis <= 0 ? 0 : count * 1_000 / millis
  return `${rate < 10 ? Number(rate.toPrecision(2)) : countText(rate)}/s`
}

/** "1 task", "2 tasks". */
export const plural = (count: number, noun: string): string => `${countText(count)} ${noun}${count === 1 ? "" : "s"}`

/** Bytes as "512 B", "1.5 GiB". */
export const bytesText = (bytes: number): string => {
  const names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
  const step = bytes < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1_024 ** step
  return `${step === 0 || amount >= 100 ? Math.round(amount) : Number(amount.toFixed(1))} ${names[step]}`
}
