/**
 * Known tokens, as hashes. A look at one that is right, wrong or not there at
 * all takes the same work, so that time tells nothing.
 *
 * @since 0.1.0
 */
import { Redacted } from "effect"
import { createHash, timingSafeEqual } from "node:crypto"
import type { Role } from "../../src/security/Role.ts"
import { mostShown, shown, type Token } from "../../src/security/Token.ts"

const hash = (text: string): Buffer => createHash("sha256").update(text).digest()

interface Known {
  readonly role: Role
  readonly hash: Buffer
}

/** Known tokens. */
export class TokenTable {
  readonly #known: ReadonlyArray<Known>

  constructor(tokens: ReadonlyArray<Token>) {
    this.#known = tokens.map(({ role, secret }) => ({ role, hash: hash(Redacted.value(secret)) }))
  }

  /** The roles that somebody proves to have by what is shown: words with spaces between, or nothing. */
  granted(credentials: Redacted.Redacted<string> | undefined): ReadonlySet<Role> {
    const words = credentials === undefined ? [] : shown(Redacted.value(credentials))
    const granted = new Set<Role>()
    for (let index = 0; index < mostShown; index++) {
      // No token is empty.
      const given = hash(words[index] ?? "")
      for (const { hash, role } of this.#known) if (timingSafeEqual(given, hash)) granted.add(role)
    }
    return granted
  }
}
