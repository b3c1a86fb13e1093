/**
 * Fields marked with Effect's `Transferable`: between threads of one process
 * their buffers move and are not copied; anywhere else they are bytes.
 *
 * @since 0.1.0
 */
import { Schema, SchemaAST } from "effect"
import * as Transferable from "effect/workers/Transferable"
import { declarationId, declaredLink, inContext, rewrite, some } from "./SchemaTree.ts"

// All schemas that `Transferable.schema` makes share one link.
const mark = declaredLink(Transferable.Uint8Array.ast)

/** Whether this very node may move. */
export const isTransferable = (ast: SchemaAST.AST): boolean => declaredLink(ast, SchemaAST.resolve(ast)) === mark

/** Whether anything in the schema may move between threads. */
export const hasTransfers = (ast: SchemaAST.AST): boolean => some(ast, isTransferable)

/** The schema with its transferable fields as they were before they were marked. */
export const withoutTransfers = (root: SchemaAST.AST): SchemaAST.AST =>
  rewrite(root, (ast) => {
    if (!isTransferable(ast)) return undefined
    const marked = ast.encoding?.at(-1)?.to ?? ast
    return declarationId(marked) === "effect/schema/Uint8Array" && marked.checks === undefined
      ? inContext(Schema.Uint8Array.ast, ast.context)
      : inContext(marked, ast.context)
  })
