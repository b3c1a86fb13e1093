/**
 * Schemas and values of them, each as odd as it may be.
 *
 * @since 0.1.0
 */
import { BigDecimal, Duration, Equal, Option, Redacted, Schema } from "effect"

const Natural = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))

/** How a schema is built: of leaves by their number, and of others. */
export type Recipe =
  | { readonly _tag: "leaf"; readonly kind: number }
  | { readonly _tag: "of"; readonly kind: number; readonly parts: ReadonlyArray<Recipe> }

/** Recipes that need not be deep to be odd. */
const Leaf = Schema.TaggedStruct("leaf", { kind: Natural })
const level = (parts: Schema.Codec<Recipe>): Schema.Codec<Recipe> =>
  Schema.Union([
    Leaf,
    Schema.TaggedStruct("of", { kind: Natural, parts: Schema.NonEmptyArray(parts).check(Schema.isMaxLength(3)) })
  ])
export const Recipe = level(level(level(Leaf)))

/** What chooses values: used round and round. */
export const Picks = Schema.NonEmptyArray(Natural)

/** A schema and what makes values of it. `isPlain` unless JSON cannot tell members of its unions apart. */
export interface Sample {
  readonly schema: Schema.Codec<unknown>
  readonly isPlain: boolean
  readonly value: (next: () => number) => unknown
}

const strings = [
  "",
  "a",
  "\0",
  "__proto__",
  "constructor",
  "\ud800",
  "x\udc00y",
  "\ufffd",
  "é",
  "😀",
  "NaN",
  "0,0",
  "é".repeat(99)
]
const numbers = [0, -0, 1, NaN, Infinity, -Infinity, 0.1, -1.5, 1e308, 5e-324, 2 ** 53 + 2, -(2 ** 60), 1e21, 3e-7]
const ints = [0, -0, 1, -1, 255, 65_536, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
const json = [null, -0, "\ud800", [0, [-0]], JSON.parse(`{"a":{"__proto__":-0}}`), { "": 1e21 }, false]

const leaf = <A>(schema: Schema.Codec<A, unknown>, values: ReadonlyArray<A>): Sample => ({
  schema: schema as Schema.Codec<unknown>,
  isPlain: true,
  value: (next) => values[next() % values.length]
})

const leaves: ReadonlyArray<Sample> = [
  leaf(Schema.String, strings),
  leaf(Schema.Number, numbers),
  leaf(Schema.Int, ints),
  leaf(Schema.Boolean, [true, false]),
  leaf(Schema.Null, [null]),
  leaf(Schema.BigInt, [0n, -1n, 2n ** 64n, -(2n ** 200n)]),
  leaf(Schema.Uint8Array, [new Uint8Array(), Uint8Array.of(0, 255, 239, 191, 189), new Uint8Array(99).fill(7)]),
  leaf(Schema.Date, [new Date(0), new Date(-1), new Date(8.64e15)]),
  leaf(Schema.Literals(["a", 1, true, 3n]), ["a", 1, true, 3n]),
  leaf(Schema.Duration, [Duration.zero, Duration.nanos(-5n), Duration.infinity, Duration.millis(1.5)]),
  leaf(Schema.BigDecimal, [BigDecimal.make(0n, 0), BigDecimal.make(-(10n ** 40n), 300)]),
  leaf(Schema.Json, json),
  leaf(Schema.Unknown, json),
  leaf(Schema.Redacted(Schema.String), strings.map((secret) => Redacted.make(secret))),
  leaf(Schema.DateFromString, [new Date(0), new Date(8.64e15)]),
  leaf(Schema.TemplateLiteral(["id-", Schema.String]), ["id-\ud800", "id-"])
]

const keys = ["a", "b", "__proto__", "constructor", "0", "\ud800", "toString", ""]
const own = (entries: ReadonlyArray<readonly [string, unknown]>): object => Object.fromEntries(entries)
const times = <A>(count: number, make: () => A): Array<A> => Array.from({ length: count }, make)

/** Each takes samples of its parts. */
const composites: ReadonlyArray<(parts: ReadonlyArray<Sample>) => Sample> = [
  (parts) => {
    const fields = parts.slice(0, keys.length).map((part, index) => [keys[index]!, part, index % 3] as const)
    const schemas = fields.map(([key, { schema }, mode]) =>
      [key, mode === 0 ? schema : mode === 1 ? Schema.optionalKey(schema) : Schema.mutableKey(schema)] as const
    )
    return {
      schema: Schema.Struct(Object.fromEntries(schemas)),
      isPlain: parts.every(({ isPlain }) => isPlain),
      value: (next) =>
        own(fields.flatMap(([key, { value }, mode]) => mode === 1 && next() % 2 === 0 ? [] : [[key, value(next)]]))
    }
  },
  ([part]) => ({
    schema: Schema.Array(part!.schema),
    isPlain: part!.isPlain,
    value: (next) => times(next() % 4, () => part!.value(next))
  }),
  (parts) => ({
    schema: Schema.Tuple(parts.map(({ schema }) => schema)),
    isPlain: parts.every(({ isPlain }) => isPlain),
    value: (next) => parts.map(({ value }) => value(next))
  }),
  ([part]) => ({
    schema: Schema.Record(Schema.String, part!.schema),
    isPlain: part!.isPlain,
    value: (next) => own(times(next() % 4, () => [keys[next() % keys.length]!, part!.value(next)] as const))
  }),
  ([part]) => ({
    schema: Schema.Option(part!.schema),
    isPlain: part!.isPlain,
    value: (next) => next() % 3 === 0 ? Option.none() : Option.some(part!.value(next))
  }),
  (parts) => ({
    schema: Schema.Union(
      parts.map(({ schema }, index) => Schema.Struct({ _tag: Schema.Literal(`t${index}`), of: schema }))
    ),
    isPlain: parts.every(({ isPlain }) => isPlain),
    value: (next) => {
      const index = next() % parts.length
      return { _tag: `t${index}`, of: parts[index]!.value(next) }
    }
  }),
  (parts) => ({
    schema: Schema.Union(parts.map(({ schema }) => schema)),
    isPlain: parts.length === 1 && parts[0]!.isPlain,
    value: (next) => parts[next() % parts.length]!.value(next)
  }),
  ([part]) => ({
    schema: Schema.Struct({ a: Schema.optional(part!.schema) }),
    isPlain: false,
    value: (next) => [{}, { a: undefined }, { a: part!.value(next) }][next() % 3]
  }),
  ([part]) => ({
    schema: Schema.ReadonlyMap(Schema.Number, part!.schema),
    isPlain: part!.isPlain,
    value: (next) => new Map(times(next() % 3, () => [numbers[next() % numbers.length], part!.value(next)] as const))
  }),
  ([part]) => {
    const schema: Schema.Codec<unknown> = Schema.Struct({
      of: part!.schema,
      next: Schema.optionalKey(Schema.suspend(() => schema))
    })
    const value = (next: () => number): object =>
      next() % 2 === 0 ? { of: part!.value(next) } : { of: part!.value(next), next: value(next) }
    // An endless list of even picks has no end.
    let depth = 0
    return { schema, isPlain: part!.isPlain, value: (next) => value(() => depth++ > 5 ? 0 : next()) }
  }
]

/** Follows a recipe. */
export const sample = (recipe: Recipe): Sample =>
  recipe._tag === "leaf"
    ? leaves[recipe.kind % leaves.length]!
    : composites[recipe.kind % composites.length]!(recipe.parts.map(sample))

/** Hands out picks, round and round. */
export const picker = (picks: ReadonlyArray<number>): () => number => {
  let at = 0
  return () => picks[at++ % picks.length]! + at
}

/** Whether values are the same to the last bit, -0 and absent properties included. */
export const exactly = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Redacted.isRedacted(a) && Redacted.isRedacted(b)) return exactly(Redacted.value(a), Redacted.value(b))
  if (Option.isOption(a) && Option.isOption(b)) return exactly(Option.toArray(a), Option.toArray(b))
  if (a instanceof Map && b instanceof Map) return exactly([...a], [...b])
  if (a instanceof Uint8Array || a instanceof Date || Duration.isDuration(a) || BigDecimal.isBigDecimal(a)) {
    return Equal.equals(a, b)
  }
  const [ours, theirs] = [Object.keys(a), Object.keys(b)]
  return Array.isArray(a) === Array.isArray(b) && ours.length === theirs.length &&
    ours.every((key) => Object.hasOwn(b, key) && exactly(a[key as never], b[key as never]))
}
