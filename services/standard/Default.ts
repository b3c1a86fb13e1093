/**
 * Fields of a payload that may be left out, in code as in JSON.
 *
 * @since 0.1.0
 */
import { Effect, Schema } from "effect"

/** A field that is `value` where it is left out; the handler always finds it. */
export const withDefault = <S extends Schema.Top & Schema.WithoutConstructorDefault>(
  schema: S,
  value: S["Type"]
): Schema.withConstructorDefault<Schema.withDecodingDefaultTypeKey<S>> => {
  const given = Effect.succeed(value)
  const decoded = Schema.withDecodingDefaultTypeKey<S>(given)(schema)
  return Schema.withConstructorDefault<Schema.withDecodingDefaultTypeKey<S>>(given)(decoded)
}
