/**
 * What the tests of codecs share.
 *
 * @since 0.1.0
 */
import { assert } from "@effect/vitest"
import { Cause, type Effect, Exit, Schema } from "effect"
import type { Sealer } from "../../src/task/Secret.ts"

/** A cipher with a check byte, good enough to see whether it was used. */
export const sealerOf = (key: number): Sealer => ({
  seal: (bytes) => Uint8Array.of(key, ...bytes.map((byte) => byte ^ key)),
  open: ([check, ...bytes]) => check === key ? Uint8Array.from(bytes, (byte) => byte ^ key) : undefined
})

/** The key of most tests. */
export const sealer = sealerOf(0xA5)

/** The value of an Effect that is an Exit already, or its error. */
export const now = <A, E>(effect: Effect.Effect<A, E, unknown>): A | E => {
  if (!Exit.isExit(effect)) return assert.fail("not an Exit")
  // What was an Effect of these types is an Exit of them.
  const exit = effect as Exit.Exit<A, E>
  if (Exit.isSuccess(exit)) return exit.value
  const [reason] = exit.cause.reasons
  return reason && Cause.isFailReason(reason) ? reason.error : assert.fail(Cause.pretty(exit.cause))
}

/** The bytes that were encoded. */
export const bytesOf = (encoded: Effect.Effect<Uint8Array, unknown, unknown>): Uint8Array => {
  const bytes = now(encoded)
  return bytes instanceof Uint8Array ? bytes.slice() : assert.fail(String(bytes))
}

/** Why it was refused. */
export const refusalOf = (result: Effect.Effect<unknown, unknown, unknown>): string => {
  const error = now(result)
  return Schema.isSchemaError(error) ? error.message : assert.fail("was not refused")
}
