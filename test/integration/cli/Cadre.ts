/** Runs the executable of this checkout as a process of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import process from "node:process"

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A process that runs. */
export interface Running {
  readonly child: ChildProcess
  /** Waits until it has printed something, to either stream. */
  readonly printed: (text: string) => Promise<void>
  readonly ended: Promise<Ended>
}

const { CADRE_CONNECT: _a, FORCE_COLOR: _f, NODE_OPTIONS: _n, NO_COLOR: _c, ...inherited } = process.env

/** Milliseconds that a server may take to end. */
const patience = 5_000

/** Makes a terminal of pipes, where there is none to be had. */
const pretence = `data:text/javascript,${
  encodeURIComponent(
    "for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: 80, getColorDepth: () => 8 })"
  )
}`

const hasScript = spawnSync("script", ["--version"]).error === undefined

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The executable, with caches and a server of its own. */
export class Cadre {
  readonly folder: string
  readonly #running = new Set<ChildProcess>()

  private constructor(folder: string) {
    this.folder = folder
  }

  static readonly make = async (): Promise<Cadre> => new Cadre(await mkdtemp(join(tmpdir(), "cadre-cli-")))

  /** What keeps it apart from others. */
  get variables(): Readonly<Record<string, string>> {
    return {
      XDG_CACHE_HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, "config"),
      CADRE_RUNTIME_DIR: join(this.folder, "run"),
      CADRE_DATA_DIR: join(this.folder, "data"),
      TERM: "xterm"
    }
  }

  /** The process of its server, if one was started. */
  get server(): number | undefined {
    const path = join(this.folder, "run", "server.json")
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { readonly pid: number }).pid : undefined
  }

  readonly end = async (): Promise<void> => {
    for (const child of this.#running) child.kill("SIGKILL")
    const { server } = this
    if (server !== undefined && isAlive(server)) {
      process.kill(server, "SIGTERM")
      for (let waited = 0; isAlive(server); waited += 20) {
        if (waited >= patience) process.kill(server, "SIGKILL")
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Starts any program. */
  readonly spawn = (command: string, words: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): Running => {
    const child = spawn(command, words, { env: { ...inherited, ...this.variables, ...env } })
    this.#running.add(child)
    let [out, err] = ["", ""]
    let heard = (): void => undefined
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text
      heard()
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text
      heard()
    })
    child.stdin.on("error", () => undefined)
    const ended = once(child, "close").then(([code]: Array<number | null>) => {
      this.#running.delete(child)
      heard()
      // A source that changed meanwhile is no concern of any test.
      return { code: code ?? null, out, err: err.replace(/^Bundling .*, once\n/, "") }
    })
    const printed = (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        heard = () => {
          if (out.includes(text) || err.includes(text)) resolve()
          else if (child.exitCode !== null) reject(new Error(`It ended without "${text}":\n${out}${err}`))
        }
        heard()
      })
    return { child, printed, ended }
  }

  readonly words = (words: ReadonlyArray<string>): ReadonlyArray<string> => [
    "--conditions=cadre-source",
    resolve("bin/cadre.js"),
    ...words
  ]

  readonly start = (...words: ReadonlyArray<string>): Running => this.spawn(process.execPath, this.words(words))

  /** Runs it to its end; its standard input is empty unless it is given. */
  readonly run = (words: ReadonlyArray<string>, input = ""): Promise<Ended> => {
    const { child, ended } = this.start(...words)
    child.stdin?.end(input)
    return ended
  }

  /** Starts it in a terminal of its own. Both of its streams arrive as one there. */
  readonly startOnTerminal = (...words: ReadonlyArray<string>): Running => {
    if (!hasScript) return this.spawn(process.execPath, [`--import=${pretence}`, ...this.words(words)])
    const all = [process.execPath, ...this.words(words)]
    const quoted = all.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")
    return process.platform === "linux"
      ? this.spawn("script", ["-qec", quoted, "/dev/null"])
      : this.spawn("script", ["-q", "/dev/null", ...all])
  }
}
