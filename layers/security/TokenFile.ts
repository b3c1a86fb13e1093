/**
 * Files of tokens: one a line, so that a new one can be handed out before the
 * old one is taken away. The first is what clients show; a server takes all.
 *
 * @since 0.1.0
 */
import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { KeyFileUnusable } from "../../src/security/FileSafety.ts"
import type { Role } from "../../src/security/Role.ts"
import { make, type NotTokens, parseFile, type Token, tokenBytes } from "../../src/security/Token.ts"
import * as SecretFile from "./SecretFile.ts"

const notTokens = (path: string, { line }: NotTokens): KeyFileUnusable =>
  line === undefined
    ? new KeyFileUnusable({ path, problem: "There is no token in it", mend: "Make one with `cadre key token`" })
    : new KeyFileUnusable({
      path,
      problem: `Line ${line} is no token`,
      mend: "Make one with `cadre key token`: a role, and 43 letters and digits"
    })

const isTokens = (parsed: ReadonlyArray<Token> | NotTokens): parsed is ReadonlyArray<Token> => "length" in parsed

/** The tokens of a file, at once; throws {@link KeyFileUnusable}. */
export const readUnsafe = (path: string): ReadonlyArray<Token> => {
  const parsed = parseFile(SecretFile.readUnsafe(path))
  if (!isTokens(parsed)) throw notTokens(path, parsed)
  return parsed
}

/** The tokens of a file that nobody but its owner could have read. */
export const read = (path: string): Effect.Effect<ReadonlyArray<Token>, KeyFileUnusable> =>
  Effect.try({ try: () => readUnsafe(path), catch: (error) => SecretFile.unusable(path, error) })

/** What a client shows: the first token of each file, together. */
export const readToShow = (
  paths: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Token>, KeyFileUnusable> =>
  Effect.map(Effect.forEach(paths, read), (all) => all.flatMap((tokens) => tokens.slice(0, 1)))

/** A new token. */
export const mint = (role: Role): Effect.Effect<Token> => Effect.sync(() => make(role, randomBytes(tokenBytes)))

/** Writes tokens as the whole of a file. */
export const write = (
  path: string,
  tokens: ReadonlyArray<Token>,
  { replaces }: { readonly replaces: boolean }
): Effect.Effect<void, KeyFileUnusable> =>
  SecretFile.write(path, tokens.map(({ secret }) => `${Redacted.value(secret)}\n`).join(""), {
    replaces,
    ifThere: "Use --rotate to make another beside it"
  })
