/**
 * Large byte fields travel beside the bytes of their payload instead of in
 * them, so that between threads of one process they need not be copied into one
 * buffer and out of it again. Those that are marked as `Transferable` are
 * handed over as they are, and are empty for whoever gave them.
 *
 * @since 0.1.0
 */
import { Schema, type SchemaAST, SchemaTransformation } from "effect"
import { declarationId, encodedAs, rewrite, some, withoutContext } from "./SchemaTree.ts"
import { isTransferable } from "./Transfers.ts"

const parts = Symbol("cadre/task/Parts")

type Parted = Uint8Array & { [parts]?: ReadonlyArray<Uint8Array> }

/** What travels beside these bytes; undefined if nothing ever did. */
export const partsOf = (bytes: Uint8Array): ReadonlyArray<Uint8Array> | undefined => (bytes as Parted)[parts]

/** The bytes, which nobody else has, with what travels beside them. */
export const withParts = (bytes: Uint8Array, beside: ReadonlyArray<Uint8Array>): Uint8Array => {
  ;(bytes as Parted)[parts] = beside
  return bytes
}

/** Shorter fields are copied in less time than it takes to pass them on. */
const least = 4_096

interface Part {
  readonly bytes: Uint8Array
  readonly isMoved: boolean
}

/** Those of the payload that is being encoded or decoded; neither ever waits. */
let current: Array<Part> = []

/** A 0 and the bytes, or a 1 and the number of the part. */
const slot = (isMoved: boolean) =>
  SchemaTransformation.transform<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    encode: (bytes) => {
      if (bytes.length >= least) {
        const at = new Uint8Array(5)
        at[0] = 1
        new DataView(at.buffer).setUint32(1, current.push({ bytes, isMoved }) - 1)
        return at
      }
      const inline = new Uint8Array(1 + bytes.length)
      inline.set(bytes, 1)
      return inline
    },
    decode: (at) => {
      if (at[0] !== 1) return at.slice(1)
      const part = current[new DataView(at.buffer, at.byteOffset).getUint32(1)]
      // Whatever is not there fails the schema that follows.
      return part?.bytes as Uint8Array<ArrayBuffer>
    }
  })

const [copied, moved] = [slot(false), slot(true)]

const isPlain = (ast: SchemaAST.AST): boolean =>
  declarationId(ast) === "effect/schema/Uint8Array" && ast.encoding === undefined && ast.checks === undefined

const isMovable = (ast: SchemaAST.AST): boolean =>
  isTransferable(ast) && declarationId(ast.encoding?.at(-1)?.to ?? ast) === "effect/schema/Uint8Array" &&
  ast.checks === undefined

/** The schema's tree with its byte fields beside it; undefined if it has none. */
export const apart = (root: SchemaAST.AST): SchemaAST.AST | undefined => {
  if (!some(root, (ast) => isPlain(ast) || isMovable(ast))) return undefined
  const bytes = Schema.Uint8Array.ast
  return rewrite(root, (ast) => {
    if (isMovable(ast)) return encodedAs(bytes, withoutContext(bytes), moved, ast.context)
    return isPlain(ast) ? encodedAs(bytes, withoutContext(ast), copied, ast.context) : undefined
  })
}

/** Runs a coding's `encode`, and gives the parts that it has set aside. */
export const collecting = <A>(encode: () => A): readonly [A, () => ReadonlyArray<Uint8Array>] => {
  const outer = current
  const mine: Array<Part> = current = []
  try {
    return [encode(), () => mine.map(owned)]
  } finally {
    current = outer
  }
}

/** Node's `Buffer` has a `slice` of its own, which copies nothing. */
const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** Moves the bytes out of the hands that hold them, or copies them. */
const owned = ({ bytes, isMoved }: Part): Uint8Array => {
  const { buffer } = bytes
  const isWhole = bytes.byteLength === buffer.byteLength
  return isMoved && isWhole && buffer instanceof ArrayBuffer ? new Uint8Array(buffer.transfer()) : copyOf(bytes)
}

/** Runs a coding's `decode` on bytes with these parts. With `isTaken` the value has them, else copies of them. */
export const supplying = <A>(beside: ReadonlyArray<Uint8Array>, isTaken: boolean, decode: () => A): A => {
  const outer = current
  current = beside.map((bytes) => ({ bytes: isTaken ? bytes : copyOf(bytes), isMoved: false }))
  try {
    return decode()
  } finally {
    current = outer
  }
}
