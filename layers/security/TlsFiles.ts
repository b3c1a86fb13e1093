/**
 * What TLS is given: certificates and keys from files. TLS 1.3 alone, host
 * names checked, and peers without a certificate only where tokens are asked
 * for instead.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { ConnectionOptions, TlsOptions } from "node:tls"
import { KeyFileUnusable } from "../../src/security/FileSafety.ts"
import * as CertificateFile from "./CertificateFile.ts"
import * as SecretFile from "./SecretFile.ts"

/** Where a certificate and its key are. */
export interface CertificateFiles {
  readonly certificate: string
  /** Only its owner may read it. */
  readonly key: string
}

/** What both sides refuse to go below. */
const version = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" } as const

const readCertificate = Effect.fnUntraced(function*(path: string) {
  const text = yield* SecretFile.readPublic(path)
  if (CertificateFile.parse(text) !== undefined) return text
  return yield* new KeyFileUnusable({
    path,
    problem: "It is no certificate in PEM",
    mend: "Use a file that `cadre key` made"
  })
})

/** A certificate with its key; one that is another's is refused here rather than at the first connection. */
const readPair = Effect.fnUntraced(function*({ certificate, key }: CertificateFiles) {
  const pair = { cert: yield* readCertificate(certificate), key: yield* SecretFile.read(key) }
  // It has just been read as one.
  const parsed = CertificateFile.parse(pair.cert)
  if (parsed !== undefined && CertificateFile.factsOf(parsed, { key: pair.key }).isKeyOwn === true) return pair
  return yield* new KeyFileUnusable({
    path: key,
    problem: `It is not the key of ${certificate}`,
    mend: "Name the two files that were made together"
  })
})

/** What a server needs. */
export interface ServerFiles extends CertificateFiles {
  /** The authority of client certificates; without it none is asked for. */
  readonly clientAuthority?: string | undefined
  /** Whether a peer may do without a certificate, as it shows a token. */
  readonly hasTokens: boolean
}

/** For `tls.createServer`. */
export const server: (files: ServerFiles) => Effect.Effect<TlsOptions, KeyFileUnusable> = Effect.fnUntraced(
  function*({ clientAuthority, hasTokens, ...files }) {
    const pair = yield* readPair(files)
    const options = { ...pair, ...version, honorCipherOrder: true }
    if (clientAuthority === undefined) return options
    const ca = yield* readCertificate(clientAuthority)
    return { ...options, ca, requestCert: true, rejectUnauthorized: !hasTokens }
  }
)

/** What a client needs. */
export interface ClientFiles {
  /** The authority of the server's certificate; without it, those that this machine trusts. */
  readonly authority?: string | undefined
  /** What the client shows; nothing if it shows a token. */
  readonly own?: CertificateFiles | undefined
}

/** For `tls.connect`. */
export const client: (files: ClientFiles) => Effect.Effect<ConnectionOptions, KeyFileUnusable> = Effect.fnUntraced(
  function*({ authority, own }) {
    const ca = authority === undefined ? undefined : yield* readCertificate(authority)
    const pair = own === undefined ? undefined : yield* readPair(own)
    return { ...version, rejectUnauthorized: true, ...(ca !== undefined && { ca }), ...pair }
  }
)
