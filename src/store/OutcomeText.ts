/**
 * Outcomes without a payload as text: there are few of them, and many alike.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Outcome } from "../task/Outcome.ts"

// JSON keeps whatever a string may hold, lone surrogates too; the schema's form of it keeps NaN and Infinity.
const Text = Schema.fromJsonString(Schema.toCodecJson(Outcome))

/** Throws only for what is no outcome. */
export const encode: (outcome: Outcome) => string = Schema.encodeSync(Text)

/** Throws a `SchemaError` for text that is no outcome. */
export const decode: (text: string) => Outcome = Schema.decodeUnknownSync(Text)
