/**
 * A token: 256 random bits, written `cadre-<role>-<43 letters and digits>`. The
 * words before the bits are no secret: they tell people, and programs that look
 * for secrets where none should be, what it is.
 *
 * Who has several roles shows several tokens, with spaces between.
 *
 * @since 0.1.0
 */
import { Redacted, Result } from "effect"
import * as Base64Url from "effect/encoding/Base64Url"
import { isRole, type Role } from "./Role.ts"

/** Bytes of randomness in a token. */
export const tokenBytes = 32

/** A token and what it grants. */
export interface Token {
  readonly role: Role
  readonly secret: Redacted.Redacted<string>
}

/** As many tokens as a peer may show: each costs a look at all that are known. */
export const mostShown = 4

/** The token for a role, of 32 random bytes. */
export const make = (role: Role, random: Uint8Array): Token => ({
  role,
  secret: Redacted.make(`cadre-${role}-${Base64Url.encode(random)}`, { label: `${role} token` })
})

const shape = /^cadre-([a-z]+)-([\w-]{43})$/

/** A token as it is written; undefined if this is none. */
export const parse = (text: string): Token | undefined => {
  const [, role, bits = ""] = shape.exec(text) ?? []
  if (!isRole(role)) return undefined
  const bytes = Base64Url.decode(bits)
  return Result.isSuccess(bytes) && bytes.success.length === tokenBytes
    ? { role, secret: Redacted.make(text, { label: `${role} token` }) }
    : undefined
}

/** What is wrong with a file of tokens; what is in it is never said. */
export interface NotTokens {
  /** Counts from 1; undefined if there is none at all. */
  readonly line: number | undefined
}

/** The tokens of a file, one a line; empty lines and those that begin with `#` do not count. */
export const parseFile = (text: string): ReadonlyArray<Token> | NotTokens => {
  const tokens: Array<Token> = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const word = line.trim()
    if (word === "" || word.startsWith("#")) continue
    const token = parse(word)
    if (token === undefined) return { line: index + 1 }
    tokens.push(token)
  }
  return tokens.length === 0 ? { line: undefined } : tokens
}

/** What a peer shows: at most {@link mostShown} words. They need not be tokens. */
export const shown = (text: string): ReadonlyArray<string> =>
  text.split(" ", mostShown + 1).filter((word) => word !== "").slice(0, mostShown)

/** What to show for several roles. */
export const together = (tokens: ReadonlyArray<Token>): Redacted.Redacted<string> =>
  Redacted.make(tokens.map(({ secret }) => Redacted.value(secret)).join(" "), { label: "tokens" })
