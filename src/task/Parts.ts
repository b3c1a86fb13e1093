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

interface Collected {
  readonly parts: Array<Part>
  /** A field's buffer is in other hands already: it would arrive empty. */
  isGivenAway: boolean
}

/** Those of the payload that is being encoded or decoded; neither ever waits. */
let current: Collected = { parts: [], isGivenAway: false }

/** A 0 and the bytes, or a 1 and the number of the part. */
const slot = (isMoved: boolean) =>
  SchemaTransformation.transform<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    encode: (bytes) => {
      if (bytes.buffer.detached) current.isGivenAway = true
      if (bytes.length >= least) {
        const at = new Uint8Array(5)
        at[0] = 1
        new DataView(at.buffer).setUint32(1, current.parts.push({ bytes, isMoved }) - 1)
        return at
      }
      const inline = new Uint8Array(1 + bytes.length)
      inline.set(bytes, 1)
      return inline
    },
    decode: (at) => {
      if (at[0] !== 1) return at.slice(1)
      const part = current.parts[new DataView(at.buffer, at.byteOffset).getUint32(1)]
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

/** What an encoding has set aside. */
export interface SetAside<out A> {
  readonly result: A
  readonly isGivenAway: boolean
  /** Takes the parts out of the hands that hold them. */
  readonly take: () => ReadonlyArray<Uint8Array>
}

/** Runs a coding's `encode`, and tells what it has set aside. */
export const collecting = <A>(encode: () => A): SetAside<A> => {
  const outer = current
  const mine: Collected = current = { parts: [], isGivenAway: false }
  try {
    const result = encode()
    return { result, isGivenAway: mine.isGivenAway, take: () => owned(mine.parts) }
  } finally {
    current = outer
  }
}

/** Node's `Buffer` has a `slice` of its own, which copies nothing. */
const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** Moves or copies each. A buffer that several fields are of cannot move: the first would leave the others without it. */
const owned = (all: ReadonlyArray<Part>): ReadonlyArray<Uint8Array> => {
  const isShared = (buffer: ArrayBufferLike) => all.filter((part) => part.bytes.buffer === buffer).length > 1
  const isMovable = ({ bytes: { buffer, byteLength }, isMoved }: Part) =>
    isMoved && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer && !isShared(buffer)
  // Decided for all of them before the first is moved.
  const movable = all.map(isMovable)
  return all.map(({ bytes }, index) =>
    // What is movable is no shared memory.
    movable[index] === true ? new Uint8Array((bytes.buffer as ArrayBuffer).transfer()) : copyOf(bytes)
  )
}

/** Runs a coding's `decode` on bytes with these parts. With `isTaken` the value has them, else copies of them. */
export const supplying = <A>(beside: ReadonlyArray<Uint8Array>, isTaken: boolean, decode: () => A): A => {
  const outer = current
  const parts = beside.map((bytes) => ({ bytes: isTaken ? bytes : copyOf(bytes), isMoved: false }))
  current = { parts, isGivenAway: false }
  try {
    return decode()
  } finally {
    current = outer
  }
}
