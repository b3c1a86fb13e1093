/** A server and executors as users have them, in folders of their own: bundled, each a process. */
import { ConfigProvider, Effect, Schedule, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as Entries from "../../layers/host/Entries.ts"
import { launch, type Options as Launching } from "../../layers/host/Launch.ts"
import * as SubmitterServer from "../../layers/submitter/SubmitterServer.ts"
import { connect } from "../../layers/wire/ServerRemote.ts"
import type { Operator } from "../../services/Operator.ts"
import { Server } from "../../services/Server.ts"
import type { Submitter } from "../../services/Submitter.ts"
import { settingText } from "../../src/host/ExecutorSetting.ts"
import { folder } from "./Processes.ts"
import { Library } from "./tasks.ts"

/** Where bundles, and what the engine makes of them, are kept from one run to the next. */
const cache = fileURLToPath(new URL("../../node_modules/.cache/cadre-bench", import.meta.url))

/** What a program has that is connected. */
export interface Client {
  readonly submitter: Submitter["Service"]
  readonly operator: Operator["Service"]
}

/** The folders, and what can be started in them. What is still there when the scope is left is killed. */
export interface House {
  readonly folder: string
  /** Variables of processes that are started with it. */
  readonly variables: Readonly<Record<string, string>>
  /** Starts a server; gives its number once it can be reached. */
  readonly server: Effect.Effect<number, never, Scope.Scope>
  /** Starts a process with an executor of one thread, without waiting for it; it looks for the server by itself. */
  readonly executor: (slots: number) => Effect.Effect<ChildProcess, never, Scope.Scope>
  /** Starts one, and waits until it serves. */
  readonly serving: (slots: number) => Effect.Effect<ChildProcess, never, Scope.Scope>
  /** Connects; what was lost is connected again at once, until the scope is left. */
  readonly client: Effect.Effect<Client, never, Scope.Scope>
}

/** Ends a process if it is still there. */
export const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended.
  }
}

/** Starts a server in the background; gives its number once it can be reached. */
export const launched = (options: Launching): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(launch(options), (result) =>
      "_tag" in result && result._tag === "Ready"
        ? Effect.succeed(result.pid)
        : Effect.die(new Error(`The server did not come up: ${JSON.stringify(result)}`))),
    (pid) => Effect.sync(() => kill(pid))
  )

/** Makes it; a durable one keeps its tasks in a file. */
export const house = Effect.fnUntraced(function*({ isDurable }: { readonly isDurable: boolean }) {
  const path = yield* folder
  const run = join(path, "run")
  const bundles = join(cache, "cadre/bundles")
  for (const made of [run, bundles]) mkdirSync(made, { recursive: true, mode: 0o700 })
  const variables = {
    CADRE_RUNTIME_DIR: run,
    CADRE_DATA_DIR: join(path, "data"),
    XDG_CACHE_HOME: cache,
    ...(!isDurable && { CADRE_STORE: "memory" })
  }
  const bundled = <A, E>(effect: Effect.Effect<A, E>) =>
    effect.pipe(
      Effect.provideService(Entries.Cache, { folder: bundles }),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables })),
      Effect.orDie
    )
  const words = yield* bundled(Entries.serverWords)
  const { entries } = yield* bundled(Entries.startable(new URL("tasks.ts", import.meta.url).href))
  const address = `unix:${run}/server.sock`
  const setting = (slots: number) =>
    settingText({
      address,
      name: "tasks.ts",
      module: entries.module,
      thread: entries.thread,
      threads: 1,
      slots,
      labels: []
    })
  const executor = (slots: number) =>
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [fileURLToPath(entries.executor), setting(slots)], {
          env: { ...process.env, ...variables },
          stdio: ["ignore", "ignore", "pipe"]
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
  const serving = (slots: number) =>
    Effect.tap(executor(slots), (child) =>
      Effect.callback<void>((resume) => {
        let text = ""
        child.stderr.setEncoding("utf8").on("data", (piece: string) => {
          if ((text += piece).includes("Serving as")) resume(Effect.void)
        })
        child.once("exit", (code) => resume(Effect.die(new Error(`An executor ended with ${code}: ${text}`))))
      }))
  const client = Effect.gen(function*() {
    let isOver = false
    const { operator, server } = yield* connect({
      address,
      roles: ["submitter", "operator"],
      // A server that was killed is not waited for at the end.
      reconnect: Schedule.while(Schedule.spaced("10 millis"), () => Effect.succeed(!isOver))
    })
    const submitter = yield* SubmitterServer.connect({ name: `bench-${process.pid}`, libraries: [Library] }).pipe(
      Effect.provideService(Server, server)
    )
    yield* Effect.addFinalizer(() => Effect.sync(() => isOver = true))
    return { operator, submitter } satisfies Client
  }).pipe(Effect.orDie)
  const all: House = {
    folder: path,
    variables,
    server: launched({ words, variables, log: join(run, "server.log") }),
    executor,
    serving,
    client
  }
  return all
})

/** Writes an empty file of that name in the house. */
export const emptyFile = ({ folder }: House, name: string): string => {
  const path = join(folder, name)
  writeFileSync(path, "")
  return path
}
