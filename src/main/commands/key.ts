/**
 * `cadre key`: certificates and tokens for servers that others reach.
 *
 * @since 0.1.0
 */
import { Effect, Option, Result, type Stdio } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { resolve } from "node:path"
import { keyFolder } from "../../../layers/security/KeyFolder.ts"
import type { KeyRow } from "../../../layers/security/KeyRing.ts"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { plural } from "../../cli/Quantity.ts"
import { table } from "../../cli/Table.ts"
import type { KeyFileUnusable } from "../../security/FileSafety.ts"
import { hostsOf, nameOf, rolesOf } from "../../security/KeyNames.ts"
import { roles } from "../../security/Role.ts"
import { note, type Output, print, root } from "./Root.ts"

const ring = Effect.promise(() => import("../../../layers/security/KeyRing.ts"))

const folder = Flag.String("folder").pipe(
  Flag.optional,
  Flag.withMetavar("FOLDER"),
  Flag.withDescription("Where keys are kept; CADRE_KEYS_DIR, or cadre/keys where your settings are, unless named")
)

/** For how many days: certificates of authorities live long, others a year and a month. */
const days = (usual: number) =>
  Flag.Int("days").pipe(
    Flag.filter((count) => count >= 1 && count <= 36_500, (count) => `Expected 1 to 36500 days, got ${count}`),
    Flag.withDefault(usual),
    Flag.withDescription("For how many days it is good")
  )

const renew = Flag.Boolean("renew").pipe(
  Flag.withDefault(false),
  Flag.withDescription("Make it anew, in place of the one that is there")
)

/** Text that is read by a function which says what is wrong with it. */
const read = <A>(name: string, metavar: string, reader: (text: string) => Result.Result<A, string>) =>
  Flag.String(name).pipe(
    Flag.mapTryCatch(
      (text) => Result.getOrThrowWith(reader(text), (problem) => new Error(problem)),
      (error) => error instanceof Error ? error.message : ""
    ),
    Flag.withMetavar(metavar)
  )

const folderOf = (given: Option.Option<string>): Effect.Effect<string, CommandFailed> => {
  const found = Option.getOrElse(given, () => keyFolder())
  return found === undefined
    ? Effect.fail(unusable("There is no home folder to keep keys in: name one with --folder"))
    : Effect.succeed(resolve(found))
}

/** What was made, as data; and what to do with it, for people. */
const tell = Effect.fnUntraced(function*(made: Readonly<Record<string, unknown>>, advice: ReadonlyArray<string>) {
  const { output } = yield* root
  if (output === "table") yield* print(Object.values(made).map(String).join("\n"))
  else if (output !== "quiet") yield* print(JSON.stringify(made, undefined, output === "json" ? 2 : undefined))
  if (output === "table") { for (const line of advice) yield* note(line) }
})

const spoken = <A, R>(effect: Effect.Effect<A, KeyFileUnusable | CommandFailed, R>) =>
  Effect.mapError(effect, (error) => error._tag === "CommandFailed" ? error : unusable(error.message))

const ca = Command.make("ca", {
  folder,
  name: read("name", "NAME", nameOf).pipe(
    Flag.withDefault("cadre"),
    Flag.withDescription("What it is called in certificates")
  ),
  days: days(3_650)
}, ({ days, folder, name }) =>
  Effect.gen(function*() {
    const where = yield* folderOf(folder)
    const { certificate, key } = yield* (yield* ring).makeAuthority(where, { name, days })
    yield* tell({ certificate, key }, [
      "Whoever has the key can make certificates: keep it away from servers and clients",
      "Next: cadre key server --host <name>"
    ])
  }).pipe(spoken)).pipe(
    Command.withDescription("Makes an authority of your own, which signs certificates of servers and clients")
  )

const server = Command.make("server", {
  folder,
  host: read("host", "HOST,…", hostsOf).pipe(
    Flag.withDescription("The names and addresses by which clients reach it")
  ),
  days: days(397),
  renew
}, ({ days, folder, host, renew }) =>
  Effect.gen(function*() {
    const where = yield* folderOf(folder)
    const made = yield* (yield* ring).makeServer(where, host, { days, renew })
    yield* tell({ ...made }, ["Clients trust it by ca.crt; they need neither of its files"])
  }).pipe(spoken)).pipe(
    Command.withDescription("Makes a certificate for a server"),
    Command.withExamples([
      { command: "cadre key server --host tasks.example.org,10.0.0.1", description: "Reached by a name and an address" }
    ])
  )

const client = Command.make("client", {
  folder,
  role: read("role", "ROLE,…", rolesOf).pipe(Flag.withDescription(`What it may do: ${roles.join(", ")}`)),
  name: read("name", "NAME", nameOf).pipe(Flag.withDescription("Who it is, for logs and for the names of its files")),
  days: days(397),
  renew
}, ({ days, folder, name, renew, role }) =>
  Effect.gen(function*() {
    const where = yield* folderOf(folder)
    const made = yield* (yield* ring).makeClient(where, name, role, { days, renew })
    yield* tell({ ...made }, ["Bring both to the client, with ca.crt"])
  }).pipe(spoken)).pipe(
    Command.withDescription("Makes a certificate for a client, good for the roles that it names"),
    Command.withExamples([
      { command: "cadre key client --role executor --name worker-1", description: "For a machine that runs tasks" },
      { command: "cadre key client --role submitter,operator --name ci", description: "For one that hands them over" }
    ])
  )

const token = Command.make("token", {
  folder,
  role: Flag.Literals("role", roles).pipe(Flag.withDescription("What it grants")),
  rotate: Flag.Boolean("rotate").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Make another beside those that there are; all count")
  ),
  retire: Flag.Boolean("retire").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Make none; only the newest counts from now on")
  )
}, ({ folder, retire, role, rotate }) =>
  Effect.gen(function*() {
    if (rotate && retire) {
      return yield* unusable(
        "--rotate makes another token and --retire takes the old ones away: use one, then the other"
      )
    }
    const where = yield* folderOf(folder)
    const made = yield* (yield* ring).makeToken(where, role, rotate ? "add" : retire ? "retire" : "none")
    const advice = retire
      ? `${plural(made.retired, "token")} no longer counted by servers that read this file`
      : rotate
      ? `Bring the first line to clients; then: cadre key token --role ${role} --retire`
      : "Bring the file to clients; its mode must stay 0600"
    yield* tell({ path: made.path }, [advice])
  }).pipe(spoken)).pipe(
    Command.withDescription("Makes a token, in a file that only you can read; it is not printed"),
    Command.withExamples([
      { command: "cadre key token --role executor", description: "The first" },
      { command: "cadre key token --role executor --rotate", description: "Another, before the first is taken away" }
    ])
  )

const textOf = (rows: ReadonlyArray<KeyRow>): string =>
  table(rows.flatMap(({ file, kind, of, standing: { found, mend, status } }) => [
    [status, file, kind, of, found],
    ...(mend === undefined ? [] : [["", "", "", "", `-> ${mend}`]])
  ]))

const printRows = (rows: ReadonlyArray<KeyRow>, output: Output): Effect.Effect<void, CommandFailed, Stdio.Stdio> => {
  const flat = rows.map(({ standing, ...row }) => ({ ...row, ...standing }))
  if (output === "quiet") return Effect.void
  if (output === "json") return print(JSON.stringify(flat, undefined, 2))
  if (rows.length === 0) return output === "table" ? note("There are no keys here") : Effect.void
  return print(output === "table" ? textOf(rows) : flat.map((row) => JSON.stringify(row)).join("\n"))
}

const list = Command.make("list", { folder }, ({ folder }) =>
  Effect.gen(function*() {
    const { output } = yield* root
    yield* printRows(yield* (yield* ring).list(yield* folderOf(folder)), output)
  }).pipe(spoken)).pipe(Command.withDescription("Lists certificates and tokens, and how they stand"))

const check = Command.make("check", { folder }, ({ folder }) =>
  Effect.gen(function*() {
    const { output } = yield* root
    const rows = yield* (yield* ring).list(yield* folderOf(folder))
    yield* printRows(rows, output)
    const failed = rows.filter(({ standing }) => standing.status === "fail").length
    if (failed > 0) {
      return yield* new CommandFailed({
        code: 1,
        problem: output === "quiet" ? "" : `${plural(failed, "check")} failed`
      })
    }
  }).pipe(spoken)).pipe(
    Command.withDescription("The same, and fails if anything has expired, was not signed, or could be read by others")
  )

/** `cadre key`. */
export const key = Command.make("key").pipe(
  Command.withDescription("Makes certificates and tokens, for servers that other machines reach"),
  Command.withSubcommands([ca, server, client, token, list, check])
)
