/**
 * The thread that was started ahead, for the first executor that needs one.
 *
 * @since 0.1.0
 */
import { Context } from "effect"
import type { WarmThread } from "./WarmThread.ts"

/** Gives it away, once. */
export interface Warm {
  readonly take: () => WarmThread | undefined
}

/** There is none, unless somebody has been in a hurry. */
export const Warm = Context.Reference<Warm>("cadre/layers/threads/Warm", {
  defaultValue: () => ({ take: () => undefined })
})
