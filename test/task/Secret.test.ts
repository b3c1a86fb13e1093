import { assert, describe, it } from "@effect/vitest"
import { Option, Redacted, Schema } from "effect"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import { bytesOf, now, refusalOf, sealer, sealerOf } from "./Codecs.ts"
import { exactly } from "./Samples.ts"

const secret = "correct horse battery staple"
const hidden = Redacted.make(secret)

class Account extends Schema.Class<Account>("Account")({
  token: Schema.Redacted(Schema.String),
  old: Schema.optionalKey(Schema.RedactedFromValue(Schema.String))
}) {}

interface Chain {
  readonly of: Redacted.Redacted
  readonly next?: Chain
}
const Chain: Schema.Codec<Chain> = Schema.Struct({
  of: Schema.Redacted(Schema.String),
  next: Schema.optionalKey(Schema.suspend(() => Chain))
})

const cases: ReadonlyArray<readonly [string, Schema.Codec<unknown>, unknown]> = [
  ["a field", Schema.Struct({ a: Schema.Redacted(Schema.String) }), { a: hidden }],
  ["an optional field", Schema.Struct({ a: Schema.optionalKey(Schema.Redacted(Schema.String)) }), { a: hidden }],
  ["an optional field that is absent", Schema.Struct({ a: Schema.optional(Schema.Redacted(Schema.String)) }), {}],
  ["a plain value on the wire", Schema.RedactedFromValue(Schema.String), hidden],
  ["an element", Schema.Array(Schema.Option(Schema.Redacted(Schema.String))), [Option.some(hidden), Option.none()]],
  ["a member", Schema.Union([Schema.Int, Schema.Redacted(Schema.String)]), hidden],
  ["a value of a map", Schema.ReadonlyMap(Schema.Int, Schema.Redacted(Schema.String)), new Map([[1, hidden]])],
  ["a class", Account, new Account({ token: hidden, old: hidden })],
  ["the type of a class", Schema.toType(Account), new Account({ token: hidden })],
  ["a recursive schema", Chain, { of: hidden, next: { of: hidden } }],
  [
    "within another",
    Schema.Redacted(Schema.Struct({ a: Schema.Redacted(Schema.String) })),
    Redacted.make({ a: hidden })
  ]
]

describe.each(["binary", "json"] as const)("%s", (encoding) => {
  it.each(cases)("seals %s", (_, schema, value) => {
    const codec = PayloadCodec.make(schema, encoding, sealer)
    const bytes = bytesOf(codec.encode(value))
    const decoded = now(codec.decode(bytes))
    assert.isTrue(exactly(value, decoded) || Schema.toEquivalence(schema)(value, decoded))
    for (const part of ["correct", "staple", btoa("correct horse")]) {
      assert.notInclude(String.fromCharCode(...bytes), part)
    }
  })

  it("cannot be read with another key, and says where but not what", () => {
    const schema = Schema.Struct({ a: Schema.Struct({ b: Schema.Redacted(Schema.String) }) })
    const bytes = bytesOf(PayloadCodec.make(schema, encoding, sealer).encode({ a: { b: hidden } }))
    for (const other of [sealerOf(0x11), undefined]) {
      const message = refusalOf(PayloadCodec.make(schema, encoding, other).decode(bytes))
      assert.include(message, `["a"]["b"]`)
      assert.notInclude(message, "correct")
    }
  })

  it("says nothing of what is wrong inside", () => {
    const inner = Schema.Struct({ a: Schema.Redacted(Schema.Struct({ n: Schema.Int })) })
    const wrong = Schema.Struct({ a: Schema.Redacted(Schema.Struct({ n: Schema.String })) })
    const bytes = bytesOf(PayloadCodec.make(wrong, encoding, sealer).encode({ a: Redacted.make({ n: secret }) }))
    const message = refusalOf(PayloadCodec.make(inner, encoding, sealer).decode(bytes))
    assert.include(message, `["a"]`)
    assert.notInclude(message, "correct")
  })

  it("refuses a secret where there is no key", () => {
    const codec = PayloadCodec.make(Schema.Struct({ a: Schema.Redacted(Schema.String) }), encoding)
    assert.include(refusalOf(codec.encode({ a: hidden })), "a key to seal")
  })

  it("respects a secret that may not be encoded", () => {
    const schema = Schema.Redacted(Schema.String, { disallowJsonEncode: true })
    assert.include(refusalOf(PayloadCodec.make(schema, encoding, sealer).encode(hidden)), "may be encoded")
  })
})
