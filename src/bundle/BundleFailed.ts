/**
 * Why nothing could be bundled: where, and what to do about it.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Copies } from "./PackageFacts.ts"

/** One thing that is wrong. Lines and columns count from 1. */
export const Problem = Schema.Struct({
  /** An absolute path; absent if no file is at fault. */
  file: Schema.optionalKey(Schema.String),
  line: Schema.optionalKey(Schema.Int),
  column: Schema.optionalKey(Schema.Int),
  /** A sentence without its full stop. */
  what: Schema.String,
  /** What to do, likewise. */
  mend: Schema.String
})
/** One thing that is wrong. */
export type Problem = typeof Problem.Type

const located = ({ column, file, line, mend, what }: Problem): string => {
  const place = [file, line, column].filter((part) => part !== undefined).join(":")
  return `${place === "" ? "" : `${place}: `}${what}. ${mend}`
}

/** The modules cannot be bundled. Nothing was written. */
export class BundleFailed extends Schema.TaggedError<BundleFailed>("cadre/bundle/BundleFailed")("BundleFailed", {
  /** At least one, the first that was found first. */
  problems: Schema.Array(Problem)
}) {
  override get message(): string {
    return this.problems.map(located).join("\n")
  }
}

/** What the bundler reports; lines count from 1 and columns from 0. */
export interface Report {
  readonly code?: string | undefined
  readonly message: string
  /** The file it is about. */
  readonly id?: string | undefined
  /** What was imported. */
  readonly exporter?: string | undefined
  readonly loc?: { readonly line: number; readonly column: number; readonly file?: string | undefined } | undefined
}

// oxlint-disable-next-line eslint/no-control-regex -- terminal colours are control characters
const colours = /\u001B\[[0-9;]*m/g

/** The first line of a report without its colours and its code. */
const sentence = (message: string): string =>
  message.replace(colours, "").replace(/^\[\w+\]\s*/, "").split("\n")[0]?.replace(/\.$/, "") ?? ""

const isRelative = (specifier: string): boolean => /^\.{0,2}\//.test(specifier)

const missing = (specifier: string, file: string | undefined): Pick<Problem, "what" | "mend"> =>
  isRelative(specifier)
    ? { what: `There is no ${specifier}`, mend: "Name the file as it is, with its ending, such as \"./tasks.ts\"" }
    : specifier.startsWith("#")
    ? { what: `${specifier} is not found`, mend: "Its package.json maps it under \"imports\"" }
    : {
      what: `The package of ${specifier} is not installed, or does not export it`,
      mend: `Install it with npm install${file === undefined ? "" : ", in the project of this file"}`
    }

/** A report in words, with what to do. */
export const problemOf = ({ code, exporter, id, loc, message }: Report): Problem => {
  const file = id ?? loc?.file
  const place = {
    ...(file === undefined ? {} : { file }),
    ...(loc === undefined ? {} : { line: loc.line, column: loc.column + 1 })
  }
  const what = sentence(message)
  switch (code) {
    case "UNRESOLVED_IMPORT":
      return { ...place, ...missing(exporter ?? what, file) }
    case "PARSE_ERROR":
      return { ...place, what: `It cannot be parsed: ${what}`, mend: "Mend the syntax there" }
    case "MISSING_EXPORT":
      return { ...place, what, mend: "Export it there; what is only a type is imported with `import type`" }
    default:
      return { ...place, what, mend: "To run it as it is, leave bundling out with --no-bundle" }
  }
}

/** There are two copies of what there must be one of. */
export const problemOfCopies = ({ copies, name }: Copies): Problem => ({
  what: `There are ${copies.length} copies of ${name}: ${
    copies.map(({ folder, version }) => `${version} in ${folder}`).join(" and ")
  }`,
  mend: `There must be one: npm ls ${name} shows who brought which; npm dedupe, ` +
    "or the same version in every package.json, mends it"
})
