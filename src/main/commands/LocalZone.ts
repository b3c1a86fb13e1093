/**
 * What time it is where the command is run.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect } from "effect"
import type { LocalTime } from "../../cli/TimeText.ts"

/** By how many minutes the clock on the wall is ahead of UTC, at a time in milliseconds since 1970. */
export class LocalZone extends Context.Reference<LocalTime["offset"]>("cadre/src/main/commands/LocalZone", {
  defaultValue: () => (time) => -new Date(time).getTimezoneOffset()
}) {}

/** Now. */
export const localTime: Effect.Effect<LocalTime> = Effect.gen(function*() {
  return { now: yield* Clock.currentTimeMillis, offset: yield* LocalZone }
})
