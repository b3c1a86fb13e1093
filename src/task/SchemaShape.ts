/**
 * The shape of a schema as plain data: all that the wire or a validation sees
 * of it, and nothing else. Two schemas that were written the same have equal
 * shapes, whatever the order of their fields.
 *
 * Transformations and predicates are code: of a transformation both ends are
 * seen, of a predicate without a representation only how it calls itself
 * (`identifier`, `expected`, `title`). Their source is left out, since a bundler rewrites it.
 *
 * @since 0.1.0
 */
import { Predicate, type Schema, type SchemaAST } from "effect"
import { declarationId } from "./SchemaTree.ts"

/** A shape; JSON, apart from properties that are undefined. */
export interface Shape {
  readonly type: string
  /** Fields of a struct by name, elements of a tuple by index. */
  readonly fields?: { readonly [name: string]: Shape } | undefined
  /** Members of a union, parameters of a declaration, key and value of a record, the rest of an array. */
  readonly of?: ReadonlyArray<Shape> | undefined
  /** What else tells it from others of its type, such as the value of a literal. */
  readonly value?: Schema.Json | undefined
  readonly checks?: ReadonlyArray<Schema.Json> | undefined
  readonly optional?: true | undefined
  /** What it is encoded as, step by step towards the wire. */
  readonly encoded?: ReadonlyArray<Shape> | undefined
}

const fieldId = "~effect/encoding/SchemaBinary/fieldId"

/** The shape of a schema. */
export const shapeOf = (schema: { readonly ast: SchemaAST.AST }): Shape => {
  const visits = new Map<SchemaAST.AST, number>()
  let visit = 0

  const shape = (ast: SchemaAST.AST): Shape => {
    visits.set(ast, visit++)
    const id = ast.context?.annotations?.[fieldId]
    return {
      ...body(ast),
      ...(ast.checks && { checks: ast.checks.map(checkOf) }),
      ...(ast.context?.isOptional === true && { optional: true }),
      ...(ast.encoding && { encoded: ast.encoding.map(({ to }) => shape(to)) }),
      ...(typeof id === "number" && { value: id })
    }
  }

  const body = (ast: SchemaAST.AST): Shape => {
    switch (ast._tag) {
      case "Declaration":
        return { type: declarationName(ast), value: declarationPayload(ast), of: ast.typeParameters.map(shape) }
      case "Literal":
        return { type: "literal", value: literal(ast.literal) }
      case "UniqueSymbol":
        return { type: "symbol", value: String(ast.symbol) }
      case "Enum":
        return { type: "enum", value: ast.enums.map(([, value]) => value) }
      case "TemplateLiteral":
        return { type: "template", of: ast.parts.map(shape) }
      case "Arrays":
        return {
          type: "array",
          fields: Object.fromEntries(ast.elements.map((element, index) => [index, shape(element)])),
          of: ast.rest.map(shape)
        }
      case "Objects":
        return {
          type: "struct",
          fields: Object.fromEntries(
            ast.propertySignatures.toSorted((a, b) => String(a.name) < String(b.name) ? -1 : 1)
              .map(({ name, type }) => [String(name), shape(type)])
          ),
          of: ast.indexSignatures.flatMap(({ parameter, type }) => [shape(parameter), shape(type)])
        }
      case "Union":
        return { type: "union", of: ast.types.map(shape), ...(ast.options?.mode === "oneOf" && { value: "oneOf" }) }
      case "Suspend": {
        const target = ast.thunk()
        const seen = visits.get(target)
        // Counted from the root, so that equal schemas agree on it.
        return seen === undefined ? shape(target) : { type: "recursion", value: seen }
      }
      default:
        return { type: ast._tag.toLowerCase() }
    }
  }
  return shape(schema.ast)
}

const literal = (value: SchemaAST.LiteralValue): Schema.Json => typeof value === "bigint" ? `${value}n` : [value]

/** How code calls itself. */
const nameOf = (annotations: Schema.Annotations.Annotations | undefined): string =>
  ["identifier", "expected", "title"].map((key) => annotations?.[key]).find(Predicate.isString) ?? "custom"

const declarationName = (ast: SchemaAST.Declaration): string => {
  // A class is its fields, which are its type parameter; a new name changes neither wire nor validation.
  const isClass = ast.typeParameters.length === 1 && ast.encoding !== undefined
  return declarationId(ast) ?? (isClass ? "class" : nameOf(ast.annotations))
}

const declarationPayload = ({ annotations }: SchemaAST.Declaration): Schema.Json | undefined => {
  const representation = annotations?.["representation"]
  // Declarations of Effect have a payload of JSON.
  return Predicate.hasProperty(representation, "payload") ? representation.payload as Schema.Json : undefined
}

const checkOf = (check: SchemaAST.Check<never>): Schema.Json => {
  const representation = check.annotations?.representation
  if (representation !== undefined) return { id: representation.id, payload: representation.payload }
  return check._tag === "FilterGroup" ? check.checks.map(checkOf) : nameOf(check.annotations)
}
