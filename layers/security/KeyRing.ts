/**
 * Makes and looks at what is in a folder of keys.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Redacted } from "effect"
import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { type CertificateFacts, judge, type Standing } from "../../src/security/Certificate.ts"
import { KeyFileUnusable } from "../../src/security/FileSafety.ts"
import { isRole, type Role } from "../../src/security/Role.ts"
import type { Token } from "../../src/security/Token.ts"
import * as CertificateFile from "./CertificateFile.ts"
import { files } from "./KeyFolder.ts"
import * as Minting from "./Minting.ts"
import * as SecretFile from "./SecretFile.ts"
import type { CertificateFiles } from "./TlsFiles.ts"
import * as TokenFile from "./TokenFile.ts"

const writePair = Effect.fnUntraced(function*(
  paths: CertificateFiles,
  minted: Minting.Minted,
  replaces: boolean,
  ifThere = "Use --renew to make it anew"
) {
  // The key first: a certificate without one is of no use, and would be in the way of another try.
  yield* SecretFile.write(paths.key, Redacted.value(minted.key), { replaces, ifThere })
  yield* SecretFile.write(paths.certificate, minted.certificate, { replaces, ifThere })
  return paths
})

/** Makes the authority of a folder; there must be none. */
export const makeAuthority = Effect.fnUntraced(
  function*(folder: string, options: { readonly name: string; readonly days: number }) {
    yield* SecretFile.makeFolder(folder)
    const minted = yield* Minting.authority(options.name, { days: options.days })
    return yield* writePair(
      files(folder).authority,
      minted,
      false,
      "What it has signed is good for it alone: make another with --folder"
    )
  }
)

const readAuthority = Effect.fnUntraced(function*(folder: string) {
  const { certificate, key } = files(folder).authority
  const text = yield* SecretFile.readPublic(certificate).pipe(
    Effect.mapError((error) =>
      new KeyFileUnusable({
        ...error,
        problem: `There is no authority here. ${error.problem}`,
        mend: "`cadre key ca` makes one"
      })
    )
  )
  const parsed = CertificateFile.parse(text)
  if (parsed === undefined) {
    return yield* new KeyFileUnusable({
      path: certificate,
      problem: "It is no certificate in PEM",
      mend: "Use a file that `cadre key ca` made"
    })
  }
  const standing = judge(CertificateFile.factsOf(parsed, {}), yield* Clock.currentTimeMillis)
  if (standing.status === "fail") {
    return yield* new KeyFileUnusable({ path: certificate, problem: standing.found, mend: standing.mend ?? "" })
  }
  return { certificate: text, key: Redacted.make(yield* SecretFile.read(key), { label: "private key" }) }
})

/** What is made, for how long, and whether in place of one that is there. */
export interface Making {
  readonly days: number
  readonly renew: boolean
}

/** Makes a certificate for a server with these hosts. */
export const makeServer = Effect.fnUntraced(function*(folder: string, hosts: ReadonlyArray<string>, making: Making) {
  const authority = yield* readAuthority(folder)
  const purpose = { _tag: "Server", hosts } as const
  const minted = yield* Minting.issue(authority, hosts[0] ?? "server", purpose, making)
  return yield* writePair(files(folder).server, minted, making.renew)
})

/** Makes a certificate for a client with these roles. */
export const makeClient = Effect.fnUntraced(
  function*(folder: string, name: string, roles: ReadonlyArray<Role>, making: Making) {
    const authority = yield* readAuthority(folder)
    const minted = yield* Minting.issue(authority, name, { _tag: "Client", roles }, making)
    return yield* writePair(files(folder).client(name), minted, making.renew)
  }
)

/** What becomes of the tokens that there are: they are in the way, go on counting beside the new one, or are taken away but for the newest. */
export type Rotation = "none" | "add" | "retire"

/** Makes a token, or takes the old ones away. */
export const makeToken = Effect.fnUntraced(function*(folder: string, role: Role, rotation: Rotation) {
  yield* SecretFile.makeFolder(folder)
  const path = files(folder).token(role)
  const known = rotation === "none" ? [] : yield* TokenFile.read(path)
  const tokens: ReadonlyArray<Token> = rotation === "retire"
    ? known.slice(0, 1)
    : [yield* TokenFile.mint(role), ...known]
  yield* TokenFile.write(path, tokens, { replaces: rotation !== "none" })
  return { path, tokens: tokens.length, retired: known.length - (rotation === "retire" ? 1 : known.length) }
})

/** A file of a folder of keys, and how it stands. */
export interface KeyRow {
  readonly file: string
  readonly kind: string
  readonly of: string
  readonly standing: Standing
}

const failed = ({ mend, problem }: KeyFileUnusable): Standing => ({ status: "fail", found: problem, mend })

const ofWhat = ({ hosts, kind, name, roles }: CertificateFacts): string =>
  kind === "server" ? hosts.join(", ") : kind === "client" ? `${name}: ${roles.join(", ")}` : name

const certificateRow = Effect.fnUntraced(function*(folder: string, file: string, pem: string | undefined) {
  const path = join(folder, file)
  const now = yield* Clock.currentTimeMillis
  const parsed = CertificateFile.parse(yield* SecretFile.readPublic(path))
  if (parsed === undefined) {
    const standing = { status: "fail", found: "no certificate in PEM", mend: "Make it anew with `cadre key`" } as const
    return { file, kind: "certificate", of: "", standing }
  }
  const authority = pem === undefined ? undefined : CertificateFile.parse(pem)
  const key = yield* Effect.result(SecretFile.read(path.replace(/crt$/, "key")))
  const facts = CertificateFile.factsOf(parsed, { authority, key: key._tag === "Success" ? key.success : undefined })
  const judged = judge(facts, now)
  // A certificate may be here without its key: the authority's is, wherever it is only trusted.
  const isKeyBad = key._tag === "Failure" && key.failure.problem !== "It is not there"
  return {
    file,
    kind: facts.kind,
    of: ofWhat(facts),
    standing: isKeyBad && judged.status !== "fail" ? failed(key.failure) : judged
  }
})

const tokenRow = (folder: string, file: string): Effect.Effect<KeyRow> =>
  Effect.match(TokenFile.read(join(folder, file)), {
    onFailure: (error) => ({ file, kind: "token", of: file.replace(/\.token$/, ""), standing: failed(error) }),
    onSuccess: (tokens) => ({
      file,
      kind: "token",
      of: [...new Set(tokens.map(({ role }) => role))].join(", "),
      standing: tokens.length === 1
        ? { status: "ok", found: "1 token", mend: undefined }
        : {
          status: "warn",
          found: `${tokens.length} tokens count`,
          mend: `Once all use the first: cadre key token --role ${tokens[0]?.role ?? ""} --retire`
        }
    })
  })

/** All keys, certificates and tokens of a folder, by name. */
export const list = Effect.fnUntraced(function*(folder: string) {
  const names = yield* Effect.try({
    try: () => readdirSync(folder).toSorted(),
    catch: (error) => SecretFile.unusable(resolve(folder), error)
  })
  const pem = yield* Effect.orElseSucceed(SecretFile.readPublic(files(folder).authority.certificate), () => undefined)
  const rows: Array<KeyRow> = []
  for (const file of names) {
    if (file.endsWith(".crt")) {
      const row = Effect.match(certificateRow(folder, file, pem), {
        onFailure: (error): KeyRow => ({ file, kind: "certificate", of: "", standing: failed(error) }),
        onSuccess: (row): KeyRow => row
      })
      rows.push(yield* row)
    } else if (file.endsWith(".token") && isRole(file.replace(/\.token$/, ""))) {
      rows.push(yield* tokenRow(folder, file))
    }
  }
  return rows
})
