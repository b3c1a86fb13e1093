/**
 * Makes certificates: an authority of one's own, and what it signs. The keys
 * are ECDSA on P-256, which TLS of every language reads. What makes them is
 * loaded when it is first needed; reading and checking does without.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Redacted, Result } from "effect"
import * as NetAddress from "effect/net/NetAddress"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { KeyFileUnusable } from "../../src/security/FileSafety.ts"
import { unitOf } from "../../src/security/Granting.ts"
import type { Role } from "../../src/security/Role.ts"

/** A certificate and its key, as PEM. */
export interface Minted {
  readonly certificate: string
  readonly key: Redacted.Redacted<string>
}

/** What a certificate is made for. */
export type Purpose =
  | { readonly _tag: "Server"; readonly hosts: ReadonlyArray<string> }
  | { readonly _tag: "Client"; readonly roles: ReadonlyArray<Role> }

/** How long it is good, and from when on. */
export interface Validity {
  readonly days: number
  /** In milliseconds since 1970; an hour ago unless given, as clocks differ. */
  readonly from?: number
}

const day = 86_400_000

const load = Effect.promise(async () => {
  const [asn1, pki] = await Promise.all([import("asn1js"), import("pkijs")])
  return { asn1, pki, engine: new pki.CryptoEngine({ name: "node", crypto: globalThis.crypto }) }
})

type Tools = Effect.Success<typeof load>

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const

const pem = (label: string, bytes: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${
    Buffer.from(bytes).toString("base64").match(/.{1,64}/g)?.join("\n") ?? ""
  }\n-----END ${label}-----\n`

/** A name of X.509: each part in a set of its own. */
const nameOf = ({ asn1, pki }: Tools, commonName: string, units: ReadonlyArray<string> = []) => {
  const parts = [["2.5.4.3", commonName], ...units.map((unit) => ["2.5.4.11", unit])]
  const sequence = new asn1.Sequence({
    value: parts.map(([type = "", value = ""]) =>
      new asn1.Set({
        value: [new pki.AttributeTypeAndValue({ type, value: new asn1.Utf8String({ value }) }).toSchema()]
      })
    )
  })
  return new pki.RelativeDistinguishedNames({ schema: sequence, valueBeforeDecode: sequence.toBER(false) })
}

const usage = { sign: 0b1000_0000, certificates: 0b0000_0110 }

/** What the certificate may be used for, as extensions. */
const extensionsOf = ({ asn1, pki }: Tools, purpose: Purpose | undefined, own: ArrayBuffer, issuer: ArrayBuffer) => {
  const extension = (extnID: string, critical: boolean, value: { toBER: (sizeOnly?: boolean) => ArrayBuffer }) =>
    new pki.Extension({ extnID, critical, extnValue: value.toBER(false) })
  const isAuthority = purpose === undefined
  const bits = new Uint8Array([isAuthority ? usage.certificates : usage.sign])
  const basics = new pki.BasicConstraints(isAuthority ? { cA: true, pathLenConstraint: 0 } : {})
  const all = [
    extension("2.5.29.19", true, basics.toSchema()),
    extension("2.5.29.15", true, new asn1.BitString({ valueHex: bits.buffer, unusedBits: isAuthority ? 1 : 7 })),
    extension("2.5.29.14", false, new asn1.OctetString({ valueHex: own })),
    extension(
      "2.5.29.35",
      false,
      new pki.AuthorityKeyIdentifier({ keyIdentifier: new asn1.OctetString({ valueHex: issuer }) }).toSchema()
    )
  ]
  if (isAuthority) return all
  const purposeId = purpose._tag === "Server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2"
  all.push(extension("2.5.29.37", false, new pki.ExtKeyUsage({ keyPurposes: [purposeId] }).toSchema()))
  if (purpose._tag === "Client") return all
  const names = purpose.hosts.map((host) => {
    const ip = NetAddress.ipFromString(host)
    if (Result.isFailure(ip)) return new pki.GeneralName({ type: 2, value: host })
    const address = ip.success
    const octets = NetAddress.isIpv4Address(address)
      ? NetAddress.ipv4ToOctets(address)
      : NetAddress.ipv6ToOctets(address)
    return new pki.GeneralName({
      type: 7,
      value: new asn1.OctetString({ valueHex: Uint8Array.from(octets).buffer })
    })
  })
  all.push(extension("2.5.29.17", false, new pki.GeneralNames({ names }).toSchema()))
  return all
}

/** What names a public key in certificates. */
const identifierOf = async (key: CryptoKey): Promise<ArrayBuffer> => {
  const point = await globalThis.crypto.subtle.exportKey("raw", key)
  return (await globalThis.crypto.subtle.digest("SHA-256", point)).slice(0, 20)
}

/** The key with which an authority signs, and its public half. */
const importPair = async (authority: Minted) => {
  const { subtle } = globalThis.crypto
  const body = Redacted.value(authority.key).replace(/-----[^-]+-----|\s/g, "")
  const certificate = new X509Certificate(authority.certificate)
  if (!certificate.checkPrivateKey(createPrivateKey(Redacted.value(authority.key)))) throw new Error("another key")
  const publicKey = certificate.publicKey.export({ type: "spki", format: "der" })
  return {
    privateKey: await subtle.importKey("pkcs8", Buffer.from(body, "base64"), algorithm, false, ["sign"]),
    publicKey: await subtle.importKey("spki", new Uint8Array(publicKey), algorithm, true, ["verify"])
  }
}

interface Order {
  readonly name: string
  readonly units: ReadonlyArray<string>
  readonly purpose: Purpose | undefined
  readonly validity: Required<Validity>
  readonly authority: Minted | undefined
}

const make = async (tools: Tools, { authority, name, purpose, units, validity }: Order): Promise<Minted> => {
  const { asn1, engine, pki } = tools
  const { subtle } = globalThis.crypto
  const keys = await subtle.generateKey(algorithm, true, ["sign", "verify"])
  const signer = authority === undefined ? keys : await importPair(authority)
  const certificate = new pki.Certificate()
  certificate.version = 2
  const serial = globalThis.crypto.getRandomValues(new Uint8Array(16))
  // Positive, and as long as the others.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f)
  certificate.serialNumber = new asn1.Integer({ valueHex: serial.buffer })
  certificate.subject = nameOf(tools, name, units)
  certificate.issuer = authority === undefined
    ? certificate.subject
    : pki.Certificate.fromBER(new X509Certificate(authority.certificate).raw).subject
  certificate.notBefore.value = new Date(validity.from)
  certificate.notAfter.value = new Date(validity.from + validity.days * day)
  const [own, issuer] = await Promise.all([identifierOf(keys.publicKey), identifierOf(signer.publicKey)])
  certificate.extensions = extensionsOf(tools, purpose, own, issuer)
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey, engine)
  await certificate.sign(signer.privateKey, "SHA-256", engine)
  return {
    certificate: pem("CERTIFICATE", certificate.toSchema(true).toBER(false)),
    key: Redacted.make(pem("PRIVATE KEY", await subtle.exportKey("pkcs8", keys.privateKey)), { label: "private key" })
  }
}

const validityOf = ({ days, from }: Validity, now: number): Required<Validity> => ({
  days,
  from: from ?? now - 3_600_000
})

/** A new authority: it signs certificates of servers and clients, and none of other authorities. */
export const authority = (name: string, validity: Validity): Effect.Effect<Minted> =>
  Effect.gen(function*() {
    const tools = yield* load
    const now = yield* Clock.currentTimeMillis
    const order = { name, units: [], purpose: undefined, validity: validityOf(validity, now), authority: undefined }
    return yield* Effect.promise(() => make(tools, order))
  })

/** A certificate that an authority signs. Its key must belong to the authority's certificate. */
export const issue = (
  authority: Minted,
  name: string,
  purpose: Purpose,
  validity: Validity
): Effect.Effect<Minted, KeyFileUnusable> =>
  Effect.gen(function*() {
    const tools = yield* load
    const now = yield* Clock.currentTimeMillis
    const units = purpose._tag === "Client" ? purpose.roles.map(unitOf) : []
    const order = { name, units, purpose, validity: validityOf(validity, now), authority }
    return yield* Effect.tryPromise({
      try: () => make(tools, order),
      catch: () =>
        new KeyFileUnusable({
          path: "ca.key",
          problem: "It is no key that signs for ca.crt",
          mend: "Use the two files that `cadre key ca` made together"
        })
    })
  })
