/**
 * Unions whose members are not told apart by what a value looks like: the first
 * that fits is taken, which may be the wrong one.
 *
 * @since 0.1.0
 */
import { Effect, Equal, Exit, Predicate, SchemaAST } from "effect"
import { attempt, type Coding, type Encoded, refusal } from "./Coding.ts"
import { declarationId, isSelfContained, some } from "./SchemaTree.ts"

/** Reads what it wrote, and answers with `otherwise` for a value that is another one then. */
export const verified = ({ decode, encode }: Coding, otherwise: (value: unknown) => Encoded): Coding => {
  const verify = (value: unknown, bytes: Uint8Array): Encoded =>
    Effect.flatMapEager(
      decode(bytes),
      (copy) => attempt(() => isSame(value, copy) ? Exit.succeed(bytes) : otherwise(value))
    )
  return { decode, encode: (value) => Effect.flatMapEager(encode(value), (bytes) => verify(value, bytes)) }
}

/** `Equal.equals` that also tells an instance of a class from a plain object with the same properties. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (!Predicate.isObjectOrArray(a) || !Predicate.isObjectOrArray(b)) return Object.is(a, b)
  const prototype: unknown = Object.getPrototypeOf(a)
  if (prototype !== Object.getPrototypeOf(b)) return false
  if (prototype !== Object.prototype && !Array.isArray(a)) return Equal.equals(a, b)
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(Reflect.get(a, key), Reflect.get(b, key)))
}

/** Whether a constructor that filled in defaults left everything else as it was. */
export const keeps = (before: unknown, after: unknown): boolean => {
  if (Equal.equals(before, after)) return true
  if (!Predicate.isObjectOrArray(before) || !Predicate.isObjectOrArray(after)) return false
  const entries = Object.entries(before)
  // Of what has no entries, such as a `Map`, nothing is known.
  return entries.length > 0 &&
    entries.every(([key, value]) => Object.hasOwn(after, key) && keeps(value, Reflect.get(after, key)))
}

/** The refusal of a value that another member of its union took. */
export const mistaken = Exit.fail(refusal("Expected a value that its encoding can tell from others of the same union"))

const hasPair = <A>(items: ReadonlyArray<A>, related: (a: A, b: A) => boolean): boolean =>
  items.some((item, index) => items.slice(index + 1).some((other) => related(item, other)))

/** Whether a union in a codec has members of one encoded form, so that reading may take the wrong one. */
export const looksAlike = (codec: SchemaAST.AST): boolean =>
  some(codec, (ast) => SchemaAST.isUnion(ast) && hasPair(ast.types.map(forms), overlap))

/**
 * Whether a union has a struct that another member's values fit: one without a
 * tag takes any object that has its fields, be it a `Map` or a `Date`. Then
 * writing may take the wrong member.
 */
export const acceptsAlike = (root: SchemaAST.AST): boolean =>
  some(root, (ast) => SchemaAST.isUnion(ast) && hasPair(ast.types.flatMap(objects), confusable))

/** The members of a union whose values are objects. */
const objects = (member: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  const ast = SchemaAST.toType(member)
  switch (ast._tag) {
    case "Union":
      return ast.types.flatMap(objects)
    case "Arrays":
    case "Declaration":
    case "Objects":
    case "Suspend":
      return [ast]
    default:
      return []
  }
}

const confusable = (a: SchemaAST.AST, b: SchemaAST.AST): boolean => {
  if (a._tag === "Suspend" || b._tag === "Suspend") return true
  if (a._tag !== "Objects") return b._tag === "Objects" && confusable(b, a)
  return b._tag === "Objects" ? areAlike(tags(a), tags(b)) : tags(a).size === 0
}

type Form =
  | { readonly kind: "any" | "array" | "bigint" | "boolean" | "null" | "number" | "string" | "undefined" }
  | { readonly kind: "native"; readonly id: string | undefined }
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "object"; readonly tags: ReadonlyMap<PropertyKey, unknown> }

const forms = (member: SchemaAST.AST): ReadonlyArray<Form> => {
  const ast = SchemaAST.toEncoded(member)
  switch (ast._tag) {
    case "Union":
      return ast.types.flatMap(forms)
    case "Suspend":
      // A union of itself would never end; whatever is behind it may be anything.
      return [{ kind: "any" }]
    case "Literal":
      return [{ kind: "literal", value: ast.literal }]
    case "Enum":
      return ast.enums.map(([, value]) => ({ kind: "literal", value }))
    case "String":
    case "TemplateLiteral":
      return [{ kind: "string" }]
    case "Number":
      return [{ kind: "number" }]
    case "Boolean":
      return [{ kind: "boolean" }]
    case "BigInt":
      return [{ kind: "bigint" }]
    case "Null":
      return [{ kind: "null" }]
    case "Undefined":
      return [{ kind: "undefined" }]
    case "Declaration":
      return [isSelfContained(ast) ? { kind: "native", id: declarationId(ast) } : { kind: "any" }]
    case "Arrays":
      return [{ kind: "array" }]
    case "Objects":
      return [{ kind: "object", tags: tags(ast) }]
    case "Never":
      return []
    default:
      return [{ kind: "any" }]
  }
}

const tags = (ast: SchemaAST.Objects): ReadonlyMap<PropertyKey, unknown> =>
  new Map(
    ast.propertySignatures.flatMap(({ name, type }) =>
      SchemaAST.isLiteral(type) && !SchemaAST.isOptional(type) ? [[name, type.literal] as const] : []
    )
  )

const overlap = (left: ReadonlyArray<Form>, right: ReadonlyArray<Form>): boolean =>
  left.some((a) => right.some((b) => alike(a, b)))

const alike = (a: Form, b: Form): boolean => {
  if (a.kind === "any" || b.kind === "any") return true
  if (a.kind === "literal") return b.kind === "literal" ? a.value === b.value : b.kind === typeof a.value
  if (b.kind === "literal") return alike(b, a)
  if (a.kind === "object" && b.kind === "object") return areAlike(a.tags, b.tags)
  if (a.kind === "native" && b.kind === "native") return a.id === b.id
  return a.kind === b.kind
}

const areAlike = (a: ReadonlyMap<PropertyKey, unknown>, b: ReadonlyMap<PropertyKey, unknown>): boolean =>
  !a.entries().some(([name, value]) => b.has(name) && b.get(name) !== value)
