/**
 * Walks and rewrites the tree of a schema on its encoded side, where the bytes
 * come from. What is decoded is left as it is.
 *
 * @since 0.1.0
 */
import { Predicate, Schema, SchemaAST } from "effect"

type AST = SchemaAST.AST

/** The id that a declaration of Effect carries, such as `effect/schema/Redacted`. */
export const declarationId = (ast: AST): string | undefined => {
  const representation = ast._tag === "Declaration" ? ast.annotations?.["representation"] : undefined
  return Predicate.hasProperty(representation, "id") && Predicate.isString(representation.id)
    ? representation.id
    : undefined
}

const selfContained = new Set(
  ["Uint8Array", "Date", "DateTimeUtc", "Duration", "BigDecimal", "Option", "Result"].map((name) =>
    `effect/schema/${name}`
  )
)

/** Whether a declaration has a form of its own on a binary wire, without a text beside those of its parameters. */
export const isSelfContained = (ast: AST): boolean => selfContained.has(declarationId(ast) ?? "")

/** What annotations say that the node is encoded as, or undefined where they say nothing. */
export const declaredLink = (ast: AST, annotations = ast.annotations): SchemaAST.Link | undefined => {
  for (const name of ["toCodecJson", "toCodec"]) {
    const derive = annotations?.[name]
    if (!Predicate.isFunction(derive)) continue
    const parameters = ast._tag === "Declaration" ? ast.typeParameters : []
    // Annotations are untyped; Effect calls these two with the type parameters and takes a link or nothing.
    const link = derive(parameters.map((ast) => Schema.make(SchemaAST.toEncoded(ast)))) as SchemaAST.Link | undefined
    if (link !== undefined) return link
  }
  return undefined
}

const children = (ast: AST): ReadonlyArray<AST> => {
  switch (ast._tag) {
    case "Declaration":
      return ast.typeParameters
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Objects":
      return [
        ...ast.propertySignatures.map(({ type }) => type),
        ...ast.indexSignatures.flatMap(({ parameter, type }) => [parameter, type])
      ]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}

/** Whether any node of the tree, decoded or encoded, satisfies the predicate. */
export const some = (root: AST, predicate: (ast: AST) => boolean): boolean => {
  const seen = new Set<AST>()
  const visit = (ast: AST): boolean => {
    if (seen.has(ast)) return false
    seen.add(ast)
    return predicate(ast) || children(ast).some(visit) || (ast.encoding ?? []).some(({ to }) => visit(to))
  }
  return visit(root)
}

interface Changes {
  readonly encoding?: SchemaAST.Encoding
  readonly context?: SchemaAST.Context | undefined
}

const copy = (ast: AST, changes: Changes): AST =>
  // Nodes are plain data on a prototype; there is no constructor common to all kinds.
  Object.assign(Object.create(Object.getPrototypeOf(ast) as object), ast, changes) as AST

/** The node as another key of a struct: whether it is optional, and the like. */
export const inContext = (ast: AST, context: SchemaAST.Context | undefined): AST =>
  ast.context === context ? ast : copy(ast, { context })

/** The node without what makes it a key of a struct. */
export const withoutContext = (ast: AST): AST => inContext(ast, undefined)

/** The node `to`, encoded as `from`, as the same key of a struct that `key` is. */
export const encodedAs = (
  from: AST,
  to: AST,
  transformation: SchemaAST.Link["transformation"],
  key: SchemaAST.Context | undefined
): AST => {
  const link = new SchemaAST.Link(inContext(from, key), transformation)
  return inContext(copy(to, { encoding: [...(to.encoding ?? []), link] }), key)
}

/** Declarations that are encoded member by member, as their type parameters are. */
const containers = new Set(["Option", "Result", "Exit", "Cause", "CauseReason"].map((name) => `effect/schema/${name}`))

/**
 * The tree with `replace` applied, from the root down, to each node that has a
 * part in encoding. What it answers stays; `undefined` leaves the node, and its
 * children are visited.
 */
export const rewrite = (root: AST, replace: (ast: AST) => AST | undefined): AST => {
  const memo = new Map<AST, AST>()
  const go = (ast: AST): AST => {
    const known = memo.get(ast)
    if (known !== undefined) return known
    const result = replace(ast) ?? descend(ast)
    memo.set(ast, result)
    return result
  }
  const all = (asts: ReadonlyArray<AST>): ReadonlyArray<AST> => asts.map(go)
  const same = (before: ReadonlyArray<AST>, after: ReadonlyArray<AST>): boolean =>
    before.every((ast, index) => ast === after[index])

  const descend = (ast: AST): AST => {
    const last = ast.encoding?.at(-1)
    if (ast.encoding !== undefined && last !== undefined) {
      const to = go(last.to)
      const links = [...ast.encoding.slice(0, -1), new SchemaAST.Link(to, last.transformation)] as const
      // At least the last link is there.
      return to === last.to ? ast : copy(ast, { encoding: links as unknown as SchemaAST.Encoding })
    }
    switch (ast._tag) {
      case "Declaration":
        return declaration(ast)
      case "Arrays": {
        const [elements, rest] = [all(ast.elements), all(ast.rest)]
        if (same(ast.elements, elements) && same(ast.rest, rest)) return ast
        const { annotations, checks, context, encodingChecks, isMutable } = ast
        return new SchemaAST.Arrays(isMutable, elements, rest, annotations, checks, undefined, context, encodingChecks)
      }
      case "Objects": {
        const properties = all(ast.propertySignatures.map(({ type }) => type))
        const values = all(ast.indexSignatures.map(({ type }) => type))
        const { annotations, checks, context, encodingChecks } = ast
        if (
          same(ast.propertySignatures.map(({ type }) => type), properties) &&
          same(ast.indexSignatures.map(({ type }) => type), values)
        ) return ast
        return new SchemaAST.Objects(
          ast.propertySignatures.map(({ name, type }, index) =>
            new SchemaAST.PropertySignature(name, properties[index] ?? type)
          ),
          ast.indexSignatures.map(({ parameter, type }, index) =>
            new SchemaAST.IndexSignature(parameter, values[index] ?? type)
          ),
          annotations,
          checks,
          undefined,
          context,
          encodingChecks
        )
      }
      case "Union": {
        const types = all(ast.types)
        if (same(ast.types, types)) return ast
        const { annotations, checks, context, encodingChecks, options } = ast
        return new SchemaAST.Union(types, options, annotations, checks, undefined, context, encodingChecks)
      }
      case "Suspend":
        return new SchemaAST.Suspend(() => go(ast.thunk()), ast.annotations, undefined, undefined, ast.context)
      default:
        return ast
    }
  }

  const declaration = (ast: SchemaAST.Declaration): AST => {
    if (containers.has(declarationId(ast) ?? "")) {
      const parameters = all(ast.typeParameters)
      if (same(ast.typeParameters, parameters)) return ast
      const { annotations, checks, context, encodingChecks, encodingRun, run } = ast
      return new SchemaAST.Declaration(
        parameters,
        run,
        annotations,
        checks,
        undefined,
        context,
        encodingChecks,
        encodingRun
      )
    }
    const link = declaredLink(ast)
    if (link === undefined) return ast
    const to = go(link.to)
    return to === link.to ? ast : encodedAs(to, ast, link.transformation, ast.context)
  }

  return go(root)
}
