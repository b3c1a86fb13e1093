/**
 * A node of a syntax tree as ESTree has it, and no more of it than is needed
 * here.
 *
 * @since 0.1.0
 */

/** Any node. Offsets count UTF-16 units. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** Whether a field of a node is a node. */
export const isNode = (value: unknown): value is SyntaxNode =>
  isRecord(value) && typeof value["type"] === "string" && typeof value["start"] === "number" &&
  typeof value["end"] === "number"

/** The nodes directly below a node. */
export const children = (node: SyntaxNode): ReadonlyArray<SyntaxNode> =>
  Object.values(node).flatMap((field) => Array.isArray(field) ? field.filter(isNode) : isNode(field) ? [field] : [])

/** The name of an identifier; undefined for other nodes. */
export const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === "Identifier" && typeof node["name"] === "string" ? node["name"] : undefined

/** The string that a literal, or a template without expressions, stands for; undefined for other nodes. */
export const literalOf = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined
  if (node.type === "Literal") return typeof node["value"] === "string" ? node["value"] : undefined
  if (node.type !== "TemplateLiteral") return undefined
  const quasis = node["quasis"]
  if (!Array.isArray(quasis) || quasis.length !== 1) return undefined
  const [only]: ReadonlyArray<unknown> = quasis
  const value = isNode(only) ? only["value"] : undefined
  return isRecord(value) && typeof value["cooked"] === "string" ? value["cooked"] : undefined
}
