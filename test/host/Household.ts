/** Servers and executors as processes of their own, in folders of their own. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { ConfigProvider, Effect, Layer } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as BundlerRolldown from "../../layers/bundler/BundlerRolldown.ts"
import { Cache } from "../../layers/host/Entries.ts"
import { Bundler } from "../../services/Bundler.ts"
import { type ExecutorSetting, settingText } from "../../src/host/ExecutorSetting.ts"
import { parseRecord, type ServerRecord } from "../../src/host/ServerRecord.ts"

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly text: string
}

/** A process that runs. */
export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  /** Waits until it has printed something, to either stream. */
  readonly printed: (text: string) => Promise<void>
  readonly ended: Promise<Ended>
}

const source = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const { NODE_OPTIONS: _, ...inherited } = process.env

/** Bundles, and what the engine compiled of them, are kept for the next time: they are the same while no source changes. */
const cache = source("node_modules/.cache/cadre-tests")
mkdirSync(join(cache, "cadre/bundles"), { recursive: true, mode: 0o700 })

const bundles = { folder: join(cache, "cadre/bundles"), conditions: ["cadre-source"] }

let bundling: Promise<Readonly<Record<string, string>>> | undefined

/** The entries as a bundle, once for all files of tests: as sources they take many times as long to load. */
const bundled = (): Promise<Readonly<Record<string, string>>> =>
  bundling ??= Effect.gen(function*() {
    const layer = Layer.provide(BundlerRolldown.layerWith(bundles), NodeFileSystem.layer)
    const { entries } = yield* Effect.provide(
      Effect.flatMap(Bundler, (bundler) =>
        bundler.bundle({
          server: source("src/main/server.ts"),
          executor: source("src/main/executor.ts"),
          thread: source("src/main/thread.ts"),
          module: source("test/host/tasks.ts"),
          finder: source("test/host/finder.ts"),
          ledgered: source("test/faults/tasks.ts"),
          submitter: source("test/faults/submitter.ts"),
          briefly: source("test/faults/server.ts")
        })),
      layer
    )
    return entries
  }).pipe(Effect.runPromise)

/** Whether a process lives. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Waits until it is so. */
export const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** A runtime folder and a data folder, with what runs in them. */
export class Household {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "cadre-house-")))
  readonly variables: Readonly<Record<string, string>> = {
    CADRE_RUNTIME_DIR: join(this.folder, "run"),
    CADRE_DATA_DIR: join(this.folder, "data"),
    CADRE_STORE: "memory",
    XDG_CACHE_HOME: cache,
    NODE_COMPILE_CACHE: join(cache, "compiled")
  }
  readonly entries: Readonly<Record<string, string>>
  readonly #running = new Set<ChildProcess>()
  readonly #servers = new Set<number>()

  private constructor(entries: Readonly<Record<string, string>>) {
    this.entries = entries
  }

  static readonly make = async (): Promise<Household> => new Household(await bundled())

  readonly end = async (): Promise<void> => {
    const { pid } = this.record ?? {}
    if (pid !== undefined) this.#servers.add(pid)
    for (const pid of this.#servers) if (isAlive(pid)) process.kill(pid, "SIGKILL")
    for (const child of this.#running) child.kill("SIGKILL")
    await until(() => this.#running.size === 0 && [...this.#servers].every((pid) => !isAlive(pid)))
    rmSync(this.folder, { recursive: true, force: true })
  }

  get address(): string {
    return `unix:${this.folder}/run/server.sock`
  }

  /** What the server has written down of itself. */
  get record(): ServerRecord | undefined {
    const path = join(this.folder, "run/server.json")
    const record = existsSync(path) ? parseRecord(readFileSync(path, "utf8")) : undefined
    if (record !== undefined) this.#servers.add(record.pid)
    return record
  }

  get log(): string {
    return readFileSync(join(this.folder, "run/server.log"), "utf8")
  }

  /** Node's words for a server. */
  get serverWords(): ReadonlyArray<string> {
    return [fileURLToPath(this.entries["server"] ?? "")]
  }

  /** Runs an effect with the variables of this house. */
  readonly within = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(
      Effect.provideService(Cache, bundles),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: { ...this.variables } }))
    )

  readonly spawn = (words: ReadonlyArray<string>, variables: Readonly<Record<string, string>> = {}): Running => {
    const child = spawn(process.execPath, words, {
      env: { ...inherited, ...this.variables, ...variables },
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"]
    })
    this.#running.add(child)
    let text = ""
    let heard = (): void => undefined
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece: string) => {
        text += piece
        heard()
      })
    }
    const ended = once(child, "close").then(([code, signal]: ReadonlyArray<number & NodeJS.Signals | null>) => {
      this.#running.delete(child)
      heard()
      return { code: code ?? null, signal: signal ?? null, text }
    })
    const printed = (wanted: string): Promise<void> =>
      new Promise((resolve, reject) => {
        heard = () => {
          if (text.includes(wanted)) resolve()
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`It ended without "${wanted}":\n${text}`))
          }
        }
        heard()
      })
    return { child, pid: child.pid ?? 0, printed, ended }
  }

  /** A server that logs to its output, once it can be reached. */
  readonly server = async (variables: Readonly<Record<string, string>> = {}): Promise<Running> => {
    const running = this.spawn([...this.serverWords, "--foreground"], variables)
    await running.printed("The server is ready")
    return running
  }

  /** A process with executors of `tasks.ts`. */
  readonly executor = (setting: Partial<ExecutorSetting> = {}): Running =>
    this.spawn([
      fileURLToPath(this.entries["executor"] ?? ""),
      settingText({
        name: "tasks.ts",
        module: this.entries["module"] ?? "",
        thread: this.entries["thread"] ?? "",
        threads: 1,
        labels: [],
        ...setting
      })
    ])
}
