/**
 * Reads certificates: from PEM, and from a connection over TLS.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import * as NetAddress from "effect/net/NetAddress"
import { createPrivateKey, X509Certificate } from "node:crypto"
import type { PeerCertificate as NodeCertificate, TLSSocket } from "node:tls"
import type { CertificateFacts, CertificateKind } from "../../src/security/Certificate.ts"
import type { PeerCertificate } from "../../src/security/Claim.ts"
import { rolesOf } from "../../src/security/Granting.ts"

const listed = (value: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : typeof value === "string" ? [value] : value

const peerOf = ({ serialNumber, subject }: NodeCertificate): PeerCertificate => ({
  name: listed(subject.CN)[0] ?? "",
  units: listed(subject.OU),
  serial: serialNumber
})

/** The certificate of a peer, if it has shown one and TLS found it good. */
export const peerCertificate = (socket: TLSSocket): PeerCertificate | undefined => {
  if (!socket.authorized) return undefined
  const certificate = socket.getPeerX509Certificate()
  return certificate === undefined ? undefined : peerOf(certificate.toLegacyObject())
}

const purposes: Readonly<Record<string, CertificateKind>> = {
  "1.3.6.1.5.5.7.3.1": "server",
  "1.3.6.1.5.5.7.3.2": "client"
}

const hostsOf = (names: string | undefined): ReadonlyArray<string> =>
  (names ?? "").split(", ").flatMap((name) => {
    const [, host] = /^(?:DNS|IP Address):(.+)$/.exec(name) ?? []
    if (host === undefined) return []
    const ip = NetAddress.ipFromString(host)
    return [Result.isSuccess(ip) ? NetAddress.formatIp(ip.success) : host]
  })

/** PEM as a certificate; undefined if it is none. */
export const parse = (pem: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

const isOwn = (certificate: X509Certificate, key: string): boolean => {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

/** What there is to know of a certificate, beside an authority and a key. */
export const factsOf = (
  certificate: X509Certificate,
  beside: { readonly authority?: X509Certificate | undefined; readonly key?: string | undefined }
): CertificateFacts => {
  const { authority, key } = beside
  const peer = peerOf(certificate.toLegacyObject())
  const kinds = certificate.keyUsage?.map((usage) => purposes[usage]) ?? []
  const kind = certificate.ca ? "authority" : kinds.find((known) => known !== undefined) ?? "other"
  return {
    kind,
    name: peer.name,
    hosts: hostsOf(certificate.subjectAltName),
    roles: [...rolesOf(peer)],
    serial: certificate.serialNumber,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    isSigned: authority && certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    isKeyOwn: key === undefined ? undefined : isOwn(certificate, key)
  }
}
