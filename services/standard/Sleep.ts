/**
 * A task that takes time and nothing else.
 *
 * @since 0.1.0
 */
import { Task } from "../Task.ts"
import { Time } from "./Quantity.ts"

/** Ends after `duration`. It holds a slot, but neither processor nor memory. */
export const Sleep = Task.make("Sleep", { payload: { duration: Time } })
