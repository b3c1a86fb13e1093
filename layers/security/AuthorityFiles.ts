/**
 * An authority whose tokens are in files, which are read again when they have
 * changed. A file that can no longer be read grants nothing: the log says why.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Layer } from "effect"
import { statSync } from "node:fs"
import { Authority } from "../../services/Authority.ts"
import type { Claim, RefusedBecause, Verdict } from "../../src/security/Claim.ts"
import type { KeyFileUnusable } from "../../src/security/FileSafety.ts"
import { asked, rolesOf } from "../../src/security/Granting.ts"
import { defaultLimits, Patience, type PatienceLimits } from "../../src/security/Patience.ts"
import type { Role } from "../../src/security/Role.ts"
import type { Token } from "../../src/security/Token.ts"
import { unusable } from "./SecretFile.ts"
import * as TokenFile from "./TokenFile.ts"
import { TokenTable } from "./TokenTable.ts"

/** Where the credentials are that count. */
export interface AuthorityOptions {
  /** Files of tokens; a token grants the role that is written in it. */
  readonly tokens?: ReadonlyArray<string>
  /** Whether all of them have to be there; otherwise those that come later count from then on. */
  readonly isComplete?: boolean
  /** Whether the names of certificates that TLS found good grant the roles in them. */
  readonly certificates?: boolean
  readonly patience?: Partial<PatienceLimits>
}

/** Files are looked at again after so many milliseconds, and not for every peer. */
const freshMillis = 1_000

/** The tokens of a file; none if it is not there and need not be. */
const readWhere = (path: string, isComplete: boolean): ReadonlyArray<Token> =>
  !isComplete && statSync(path, { throwIfNoEntry: false }) === undefined ? [] : TokenFile.readUnsafe(path)

const stampOf = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
}

/** The tokens of files, as they are now. */
class FreshTokens {
  #table: TokenTable
  #stamp: string
  #lookedAt: number
  #told = ""
  readonly #paths: ReadonlyArray<string>
  readonly #isComplete: boolean
  readonly #complain: (error: KeyFileUnusable) => void

  constructor(
    { isComplete = true, tokens = [] }: AuthorityOptions,
    now: number,
    complain: (error: KeyFileUnusable) => void
  ) {
    this.#paths = tokens
    this.#isComplete = isComplete
    this.#complain = complain
    this.#stamp = this.#stamps()
    this.#lookedAt = now
    this.#table = new TokenTable(tokens.flatMap((path) => readWhere(path, isComplete)))
  }

  at(now: number): TokenTable {
    if (now - this.#lookedAt < freshMillis) return this.#table
    this.#lookedAt = now
    const stamp = this.#stamps()
    if (stamp === this.#stamp) return this.#table
    const problems: Array<KeyFileUnusable> = []
    this.#table = new TokenTable(this.#paths.flatMap((path) => {
      try {
        return readWhere(path, this.#isComplete)
      } catch (error) {
        problems.push(unusable(path, error))
        return []
      }
    }))
    // What could not be read is tried again.
    this.#stamp = problems.length === 0 ? stamp : ""
    const told = problems.map(({ message }) => message).join("\n")
    if (told !== this.#told) problems.forEach(this.#complain)
    this.#told = told
    return this.#table
  }

  #stamps(): string {
    return this.#paths.map((path) => {
      try {
        return stampOf(path)
      } catch {
        // A folder that may not be searched any more: reading will say so.
        return "?"
      }
    }).join("\n")
  }
}

/** It, as long as its tokens can be read now. */
export const make = Effect.fnUntraced(function*(options: AuthorityOptions) {
  const clock = yield* Clock.Clock
  const context = yield* Effect.context()
  const now = (): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const tokens = yield* Effect.try({
    try: () =>
      new FreshTokens(options, now(), (error) => {
        Effect.runForkWith(context)(Effect.logWarning(`Tokens no longer count. ${error.message}`))
      }),
    catch: (error) => unusable(options.tokens?.[0] ?? "", error)
  })
  const patience = new Patience({ ...defaultLimits, ...options.patience })

  const granted = (claim: Claim, wanted: ReadonlySet<Role>, now: number): boolean => {
    if (claim.isOwner === true) return true
    const byToken = tokens.at(now).granted(claim.token)
    const byName = options.certificates === true && claim.certificate !== undefined
      ? rolesOf(claim.certificate)
      : new Set<Role>()
    return wanted.isSubsetOf(byToken.union(byName))
  }

  const verify = (claim: Claim): Verdict => {
    const at = now()
    const { address = "", certificate } = claim
    const refuse = (because: RefusedBecause): Verdict => ({
      _tag: "Refused",
      because,
      ...patience.refused(address, at, because !== "attempts")
    })
    if (claim.isOwner !== true && !patience.allows(address, at)) return refuse("attempts")
    const wanted = asked(claim.roles)
    // Whoever asks for what is no role is looked at like the others: that it takes less time would tell something.
    const isGranted = granted(claim, wanted ?? new Set(), at)
    if (wanted === undefined) return refuse("roles")
    return isGranted
      ? { _tag: "Granted", roles: wanted, name: certificate?.name }
      : refuse("credentials")
  }
  return Authority.of({ verify })
})

/** An authority whose tokens are in files. It fails if one of them cannot be read, or could be by others. */
export const layer = (options: AuthorityOptions): Layer.Layer<Authority, KeyFileUnusable> =>
  Layer.effect(Authority, make(options))
