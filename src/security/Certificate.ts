/**
 * What is known of a certificate, and what there is to say about it.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import type { Role } from "./Role.ts"

/** What a certificate is good for. */
export type CertificateKind = "authority" | "server" | "client" | "other"

/** What is known of a certificate. Times are in milliseconds since 1970. */
export interface CertificateFacts {
  readonly kind: CertificateKind
  readonly name: string
  /** The hosts that a server's is for. */
  readonly hosts: ReadonlyArray<string>
  /** The roles that a client's is for. */
  readonly roles: ReadonlyArray<Role>
  readonly serial: string
  readonly notBefore: number
  readonly notAfter: number
  /** Whether the authority at hand has signed it; undefined if there is none. */
  readonly isSigned: boolean | undefined
  /** Whether the key beside it is its own; undefined if there is none. */
  readonly isKeyOwn: boolean | undefined
}

/** How a key, certificate or token stands. */
export interface Standing {
  readonly status: "ok" | "warn" | "fail"
  readonly found: string
  /** What to do; undefined if nothing. */
  readonly mend: string | undefined
}

const day = 86_400_000

/** Days before its end from which on a certificate is warned of. */
export const warningDays = 30

const dated = (time: number): string => DateTime.formatIsoDateUtc(DateTime.makeUnsafe(time))

const anew = ({ hosts, kind, name, roles }: CertificateFacts): string =>
  kind === "authority"
    ? "Make a new authority with `cadre key ca` in another folder, and all certificates anew"
    : kind === "server"
    ? `cadre key server --host ${hosts.join(",")} --renew`
    : `cadre key client --role ${roles.join(",")} --name ${name} --renew`

/** How a certificate stands at a time. */
export const judge = (facts: CertificateFacts, now: number): Standing => {
  const fail = (found: string, mend: string): Standing => ({ status: "fail", found, mend })
  if (facts.notAfter <= now) return fail(`expired on ${dated(facts.notAfter)}`, anew(facts))
  if (facts.notBefore > now) {
    return fail(`not good before ${dated(facts.notBefore)}`, "Wait, or set the clock of this machine")
  }
  if (facts.kind === "other") return fail("not made for this", "Make one with `cadre key`")
  if (facts.isSigned === false) return fail("not signed by ca.crt here", anew(facts))
  if (facts.isKeyOwn === false) return fail("the key beside it is another's", anew(facts))
  if (facts.kind === "client" && facts.roles.length === 0) {
    return fail("grants no role", "Make one with `cadre key client`")
  }
  const left = Math.floor((facts.notAfter - now) / day)
  const until = `good until ${dated(facts.notAfter)}`
  return left < warningDays
    ? { status: "warn", found: `${until}, ${left === 1 ? "1 day" : `${left} days`} more`, mend: anew(facts) }
    : { status: "ok", found: until, mend: undefined }
}
