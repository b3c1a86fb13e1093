/**
 * What a peer says of itself when it connects, and what is made of it.
 *
 * @since 0.1.0
 */
import type { Redacted } from "effect"
import type { Role } from "./Role.ts"

/** What is known of a certificate that TLS has checked: chain, dates and purpose. */
export interface PeerCertificate {
  /** The common name of its subject. */
  readonly name: string
  /** The organizational units of its subject: the roles that it was made for. */
  readonly units: ReadonlyArray<string>
  /** In hexadecimal. */
  readonly serial: string
}

/** What a peer asks for, and what it has to show for it. */
export interface Claim {
  /** As the peer wrote them: they need not be roles. */
  readonly roles: ReadonlyArray<unknown>
  /** A token, or several with spaces between: one for each role. */
  readonly token?: Redacted.Redacted<string> | undefined
  /** Only if TLS found it good. */
  readonly certificate?: PeerCertificate | undefined
  /** From where it came. */
  readonly address?: string | undefined
  /** It came through a unix socket, whose file says who may connect: that is proof enough. */
  readonly isOwner?: boolean
}

/** Why a peer was refused. This is for the log of the server: the peer is told nothing but that it was. */
export type RefusedBecause = "roles" | "credentials" | "attempts"

/** What a peer may do. */
export type Verdict =
  | {
    readonly _tag: "Granted"
    readonly roles: ReadonlySet<Role>
    /** Who it is, by its certificate. */
    readonly name: string | undefined
  }
  | {
    readonly _tag: "Refused"
    readonly because: RefusedBecause
    /** Whether the log has not heard of this address lately; it says how often it was refused since. */
    readonly isLogged: boolean
    readonly refusals: number
  }
