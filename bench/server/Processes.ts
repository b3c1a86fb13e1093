/** The three processes that tasks go through: this one submits, the others are started here. */
import { Effect, type Scope } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import * as SubmitterServer from "../../layers/submitter/SubmitterServer.ts"
import { connect } from "../../layers/wire/ServerRemote.ts"
import { Server } from "../../services/Server.ts"
import type { Submitter } from "../../services/Submitter.ts"
import { Library } from "./tasks.ts"

/** A folder that goes with the scope. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "cadre-bench-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Starts a program beside this file, and waits until it says that it is ready. It is killed with the scope. */
export const start = (
  program: string,
  args: ReadonlyArray<string>,
  nodeArgs: ReadonlyArray<string> = []
): Effect.Effect<ChildProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<ChildProcess>((resume) => {
      const child = fork(new URL(program, import.meta.url), [...args], {
        execArgv: [...process.execArgv, ...nodeArgs],
        stdio: ["ignore", "inherit", "inherit", "ipc"]
      })
      child.once("message", () => resume(Effect.succeed(child)))
      child.once("exit", (code) => resume(Effect.die(new Error(`${program} ended with ${code}`))))
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** How tasks are kept, and how many run at a time. */
export interface Options {
  readonly isDurable: boolean
  readonly slots: number
  readonly executors?: number
}

/** Processes that are up, and what this one submits with. */
export interface Running {
  readonly submitter: Submitter["Service"]
  readonly host: ChildProcess
  readonly executors: ReadonlyArray<ChildProcess>
  readonly socket: string
  readonly store: string
  /** Starts another server in the place of the one that is gone. */
  readonly again: Effect.Effect<ChildProcess, never, Scope.Scope>
}

/** Starts them. */
export const running = Effect.fnUntraced(function*({ executors = 1, isDurable, slots }: Options) {
  const path = yield* folder
  const socket = join(path, "run", "server.sock")
  const store = isDurable ? join(path, "tasks.db") : "memory"
  const again = start("host.ts", [socket, store])
  const host = yield* again
  const hands = yield* Effect.forEach(
    Array.from({ length: executors }),
    () => start("executor.ts", [socket, String(slots)])
  )
  const { server } = yield* connect({ address: `unix:${socket}`, roles: ["submitter"] })
  const submitter = yield* SubmitterServer.connect({ name: `bench-${process.pid}`, libraries: [Library] }).pipe(
    Effect.provideService(Server, server)
  )
  const all: Running = { submitter, host, executors: hands, socket, store, again }
  return all
})

/** Bytes that a process has in memory, those that it shares with others counted in part or, if it is to be all, in full. */
export const memoryOf = (pid: number, isAll = false): number => {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")
  const kibibytes = new RegExp(`^${isAll ? "Rss" : "Pss"}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]
  return 1_024 * Number(kibibytes ?? Number.NaN)
}
