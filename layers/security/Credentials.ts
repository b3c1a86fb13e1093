/**
 * What a server and its peers use to trust each other, from the folder of keys
 * and from what was set: see `docs/guide/security.md`.
 *
 * @since 0.1.0
 */
import { Config, Effect, Option, type Redacted } from "effect"
import { existsSync } from "node:fs"
import type { ConnectionOptions, TlsOptions } from "node:tls"
import type { Authority } from "../../services/Authority.ts"
import type { Address } from "../../src/protocol/Address.ts"
import type { KeyFileUnusable } from "../../src/security/FileSafety.ts"
import { type Role, roles as allRoles } from "../../src/security/Role.ts"
import { judge, type SendRefused } from "../../src/security/Sending.ts"
import { together } from "../../src/security/Token.ts"
import * as AuthorityFiles from "./AuthorityFiles.ts"
import { files, keyFolder } from "./KeyFolder.ts"
import * as TlsFiles from "./TlsFiles.ts"
import * as TokenFile from "./TokenFile.ts"

/** What a server lets peers in by. */
export interface ServerCredentials {
  readonly authority: Authority["Service"]
  /** For addresses with TLS; undefined if there is no certificate. */
  readonly tls: TlsOptions | undefined
  readonly hasTokens: boolean
  readonly hasClientCertificates: boolean
}

const optional = (name: string) => Config.map(Config.option(Config.NonEmptyString(name)), Option.getOrUndefined)

const isThere = (path: string | undefined): path is string => path !== undefined && existsSync(path)

/**
 * What a server's folder of keys has: `server.crt` for TLS, `ca.crt` for the
 * certificates of clients, and a file of tokens for each role. None of them has
 * to be there; a token that comes later counts, too.
 */
export const server: (folder?: string) => Effect.Effect<ServerCredentials, KeyFileUnusable | Config.ConfigError> =
  Effect.fnUntraced(function*(given) {
    const folder = given ?? (yield* optional("CADRE_KEYS_DIR")) ?? keyFolder()
    if (folder === undefined) {
      const authority = yield* AuthorityFiles.make({})
      return { authority, tls: undefined, hasTokens: false, hasClientCertificates: false }
    }
    const { authority: { certificate }, server, token } = files(folder)
    const tokens = allRoles.map(token)
    const hasTokens = tokens.some(isThere)
    const hasClientCertificates = existsSync(certificate)
    const clientAuthority = hasClientCertificates ? certificate : undefined
    return {
      authority: yield* AuthorityFiles.make({ tokens, certificates: hasClientCertificates, isComplete: false }),
      tls: existsSync(server.certificate)
        ? yield* TlsFiles.server({ ...server, clientAuthority, hasTokens })
        : undefined,
      hasTokens,
      hasClientCertificates
    }
  })

/** What a peer shows, and by what it knows the server. */
export interface PeerCredentials {
  readonly token: Redacted.Redacted<string> | undefined
  readonly tls: ConnectionOptions | undefined
}

/** What there is to be used, rather than what is set or in the folder of keys. */
export interface Given {
  /** Files of tokens. */
  readonly tokens?: ReadonlyArray<string>
  /** The authority of the server's certificate. */
  readonly authority?: string
  readonly own?: TlsFiles.CertificateFiles
  readonly folder?: string
}

const keyBeside = (certificate: string): string => certificate.replace(/\.(?:crt|pem|cert)$/, "") + ".key"

/** What a peer uses that wants these roles at an address. On a unix socket it needs nothing. */
export const peer: (
  address: Address,
  roles: ReadonlyArray<Role>,
  given?: Given
) => Effect.Effect<PeerCredentials, KeyFileUnusable | SendRefused | Config.ConfigError> = Effect.fnUntraced(
  function*(address, roles, given = {}) {
    if (address._tag === "Unix") return { token: undefined, tls: undefined }
    const refused = judge(address)
    if (refused !== undefined) return yield* refused
    const set = yield* Config.all({
      tokens: optional("CADRE_TOKEN_FILE"),
      authority: optional("CADRE_CA_FILE"),
      certificate: optional("CADRE_CERTIFICATE_FILE"),
      key: optional("CADRE_KEY_FILE"),
      folder: optional("CADRE_KEYS_DIR")
    })
    const folder = given.folder ?? set.folder ?? keyFolder()
    const beside = folder === undefined ? undefined : files(folder)
    const named = given.tokens ?? set.tokens?.split(",").map((path) => path.trim())
    const found = beside === undefined ? [] : roles.map(beside.token).filter(isThere)
    const shown = yield* TokenFile.readToShow(named ?? found)
    const token = shown.length === 0 ? undefined : together(shown)
    if (address._tag === "Tcp") return { token, tls: undefined }
    const own = given.own ?? (set.certificate === undefined
      ? undefined
      : { certificate: set.certificate, key: set.key ?? keyBeside(set.certificate) })
    const known = beside?.authority.certificate
    const authority = given.authority ?? set.authority ?? (isThere(known) ? known : undefined)
    return { token, tls: yield* TlsFiles.client({ authority, own }) }
  }
)
