/**
 * How a module uses the place where it is: `import.meta`, `__dirname`, and
 * imports that are only known when it runs. In a bundle all modules of a chunk
 * share one place, so each of these has to be rewritten or named.
 *
 * @since 0.1.0
 */
import { children, isNode, literalOf, nameOf, type SyntaxNode } from "./SyntaxNode.ts"

/** A part of the source: offsets in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One use. `span` is the expression that it is about. */
export type Use =
  /** `import.meta.url` as the first argument of `TaskModule.make` or `Program.make`: where the module is started from. */
  | { readonly kind: "own"; readonly span: Span }
  /** `import.meta.main` */
  | { readonly kind: "main"; readonly span: Span }
  /** `import.meta.resolve("literal")`, all of it. */
  | { readonly kind: "resolve"; readonly span: Span; readonly specifier: string }
  /** `new URL("literal", import.meta.url)`: the literal, and the `import.meta.url` behind it. */
  | { readonly kind: "file"; readonly span: Span; readonly base: Span; readonly specifier: string }
  /** Any other use of `import.meta.url`, `filename` or `dirname`, or of `import.meta` as a whole. */
  | { readonly kind: "url" | "filename" | "dirname" | "whole"; readonly span: Span }
  /** `__filename` and `__dirname` of a CommonJS module. */
  | { readonly kind: "variable"; readonly span: Span; readonly name: "__filename" | "__dirname" }
  /** `import(…)` or `import.meta.resolve(…)` of something computed. */
  | { readonly kind: "computed"; readonly span: Span }

const starters = new Set(["TaskModule", "Program"])

const spanOf = ({ end, start }: SyntaxNode): Span => ({ start, end })

const argumentsOf = (node: SyntaxNode): ReadonlyArray<unknown> =>
  Array.isArray(node["arguments"]) ? node["arguments"] : []

/** The name of a property access, `a.name` or `a["name"]`. */
const propertyOf = (node: SyntaxNode): string | undefined =>
  node.type !== "MemberExpression"
    ? undefined
    : node["computed"] === true
    ? literalOf(node["property"])
    : nameOf(node["property"])

const isImportMeta = (node: SyntaxNode): boolean => node.type === "MetaProperty" && nameOf(node["meta"]) === "import"

/** What the names of a module mean, as far as it matters: all in one walk. */
class Reading {
  /** Local names of `TaskModule` and `Program`. */
  readonly starters = new Set<string>()
  /** Local names of whole modules. */
  readonly namespaces = new Set<string>()
  readonly declared = new Set<string>()
  readonly metas: Array<ReadonlyArray<SyntaxNode>> = []
  readonly variables: Array<SyntaxNode> = []
  readonly imports: Array<SyntaxNode> = []
  /** What each name is called with; undefined where it is used in another way. */
  readonly calls = new Map<string, Array<string | undefined>>()
  isModule = false

  /** `path` leads from the program to the node. */
  read(node: SyntaxNode, path: ReadonlyArray<SyntaxNode>): void {
    // Types are not code, and nothing in them runs.
    if (node["importKind"] === "type") return
    const parent = path.at(-1)
    const here = [...path, node]
    if (node.type === "ImportDeclaration" || node.type.startsWith("Export")) this.isModule = true
    if (isImportMeta(node)) this.metas.push(here)
    if (node.type === "ImportExpression") this.imports.push(node)
    if (node.type === "ImportSpecifier" && starters.has(nameOf(node["imported"]) ?? "")) {
      this.starters.add(nameOf(node["local"]) ?? "")
    }
    if (node.type === "ImportNamespaceSpecifier") this.namespaces.add(nameOf(node["local"]) ?? "")
    if (node.type === "VariableDeclarator") this.declared.add(nameOf(node["id"]) ?? "")
    if (node.type === "Identifier" && parent !== undefined) this.#name(node, parent)
    for (const child of children(node)) this.read(child, here)
  }

  #name(node: SyntaxNode, parent: SyntaxNode): void {
    const isProperty = parent.type === "MemberExpression" && parent["property"] === node && parent["computed"] !== true
    const isKey = parent.type === "Property" && parent["key"] === node && parent["value"] !== node
    const isDeclaration = parent.type === "VariableDeclarator" && parent["id"] === node
    if (isProperty || isKey || isDeclaration) return
    const name = nameOf(node) ?? ""
    if (name === "__filename" || name === "__dirname") this.variables.push(node)
    const isCall = parent.type === "CallExpression" && parent["callee"] === node
    const calls = this.calls.get(name) ?? []
    calls.push(isCall ? literalOf(argumentsOf(parent)[0]) : undefined)
    this.calls.set(name, calls)
  }

  isStarter(callee: unknown): boolean {
    if (!isNode(callee) || propertyOf(callee) !== "make") return false
    const object = callee["object"]
    if (!isNode(object)) return false
    const name = nameOf(object)
    if (name !== undefined) return this.starters.has(name)
    return starters.has(propertyOf(object) ?? "") && this.namespaces.has(nameOf(object["object"]) ?? "")
  }
}

/**
 * Whether `import.meta.url` only serves `createRequire`, and what that makes is
 * only called for what Node itself has: then any place will do.
 */
const isOnlyForBuiltins = (
  reading: Reading,
  path: ReadonlyArray<SyntaxNode>,
  isBuiltin: (specifier: string) => boolean
): boolean => {
  const at = path.findLastIndex((node) =>
    node.type === "CallExpression" && isNode(node["callee"]) &&
    (nameOf(node["callee"]) ?? propertyOf(node["callee"])) === "createRequire"
  )
  const holder = path[at - 1]
  if (at < 1 || holder?.type !== "VariableDeclarator") return false
  const calls = reading.calls.get(nameOf(holder["id"]) ?? "") ?? []
  return calls.every((specifier) => specifier !== undefined && isBuiltin(specifier))
}

const useOfUrl = (reading: Reading, member: SyntaxNode, user: SyntaxNode | undefined): Use => {
  const span = spanOf(member)
  const [first, second] = user === undefined ? [] : argumentsOf(user)
  if (user?.type === "CallExpression" && first === member && reading.isStarter(user["callee"])) {
    return { kind: "own", span }
  }
  const specifier = literalOf(first)
  if (
    user?.type === "NewExpression" && second === member && nameOf(user["callee"]) === "URL" &&
    specifier !== undefined && isNode(first)
  ) return { kind: "file", span: spanOf(first), base: span, specifier }
  return { kind: "url", span }
}

const useOfMeta = (
  reading: Reading,
  path: ReadonlyArray<SyntaxNode>,
  isBuiltin: (specifier: string) => boolean
): Use | undefined => {
  const [user, member, meta] = [path.at(-3), path.at(-2), path.at(-1)]
  if (meta === undefined) return undefined
  if (member?.type !== "MemberExpression" || member["object"] !== meta) return { kind: "whole", span: spanOf(meta) }
  const span = spanOf(member)
  const property = propertyOf(member)
  switch (property) {
    case "main":
    case "filename":
    case "dirname":
      return { kind: property, span }
    case "resolve": {
      const isCall = user?.type === "CallExpression" && user["callee"] === member
      const specifier = isCall ? literalOf(argumentsOf(user)[0]) : undefined
      if (specifier !== undefined && isCall) return { kind: "resolve", span: spanOf(user), specifier }
      return { kind: "computed", span: isCall ? spanOf(user) : span }
    }
    case "url":
      return isOnlyForBuiltins(reading, path, isBuiltin) ? undefined : useOfUrl(reading, member, user)
    default:
      // Such as `import.meta.env`: Node has none of it, with or without a bundle.
      return undefined
  }
}

/**
 * The uses in a parsed module, in the order of the source. Strings, comments
 * and types are none. Whether Node has a module of its own is asked of
 * `isBuiltin`.
 */
export const usesOf = (program: unknown, isBuiltin: (specifier: string) => boolean): ReadonlyArray<Use> => {
  if (!isNode(program)) return []
  const reading = new Reading()
  reading.read(program, [])
  const uses: Array<Use> = reading.metas.flatMap((path) => useOfMeta(reading, path, isBuiltin) ?? [])
  for (const node of reading.imports) {
    if (literalOf(node["source"]) === undefined) uses.push({ kind: "computed", span: spanOf(node) })
  }
  if (!reading.isModule && reading.metas.length === 0) {
    for (const node of reading.variables) {
      const name = nameOf(node)
      if ((name === "__filename" || name === "__dirname") && !reading.declared.has(name)) {
        uses.push({ kind: "variable", span: spanOf(node), name })
      }
    }
  }
  return uses.toSorted((one, other) => one.span.start - other.span.start)
}
