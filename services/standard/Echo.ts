/**
 * The simplest task: it shows that submitter, server and executor have found
 * each other.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Task } from "../Task.ts"

/** Gives back what it is given: any JSON value. */
export const Echo = Task.make("Echo", {
  payload: { value: Schema.Json.annotate({ description: "any JSON value" }) },
  success: Schema.Json
})
