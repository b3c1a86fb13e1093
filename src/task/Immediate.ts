/**
 * Effects that have ended before they are run, as those of most codecs: hot
 * loops take their value as it is.
 *
 * @since 0.1.0
 */
import type { Effect, Exit } from "effect"

/** Whether the effect is a value already. Of effects only an `Exit` has a tag; `Exit.isExit` would cost ten times as much. */
export const isValue = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): effect is Effect.Effect<A, E, R> & Exit.Success<A, E> => "_tag" in effect && effect._tag === "Success"
