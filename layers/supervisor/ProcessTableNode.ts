/**
 * Reads the processes of this machine, where it has a `/proc`.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs"
import process from "node:process"
import { marker, marksOf } from "../../src/process/Environment.ts"
import { entryOf, type MarkedEntry, type ProcessEntry, proportional } from "../../src/process/ProcessTable.ts"

/** More than any line of `stat` has. */
const statBytes = Buffer.allocUnsafe(1_024)

const statOf = (pid: string): string | undefined => {
  let file: number | undefined
  try {
    file = openSync(`/proc/${pid}/stat`, "r")
    return statBytes.toString("latin1", 0, readSync(file, statBytes, 0, statBytes.length, 0))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const variablesOf = (pid: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1")
  } catch {
    return undefined
  }
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

const none: ReadonlyArray<string> = []

/** The marks of a process that started then. One that becomes another program has no variables for a moment. */
interface Known {
  readonly start: number
  readonly marks: ReadonlyArray<string>
  /** How often it was looked at while it had none. */
  readonly empty: number
}

/** As often is it looked at again that has no variables. */
const looks = 3

/** The table, and what of it does not change while a process lives. */
export class ProcessTableNode {
  #known: ReadonlyMap<number, Known> = new Map()
  #pending: Promise<ReadonlyArray<MarkedEntry>> | undefined
  /** Bytes of a page. */
  readonly page: number
  /** Milliseconds that the last look took. */
  cost = 0

  private constructor(page: number) {
    this.page = page
  }

  /** Of this machine, or nothing where it has no `/proc`. */
  static open(): ProcessTableNode | undefined {
    if (process.platform !== "linux" || statOf("self") === undefined) return undefined
    const pages = Number(textOf("/proc/self/statm").split(" ")[1])
    const size = 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages))
    return new ProcessTableNode(Number.isFinite(size) && size >= 4_096 && size <= 65_536 ? size : 4_096)
  }

  /** As it is now. It blocks for some 20 µs a process. */
  read(): ReadonlyArray<MarkedEntry> {
    const began = process.hrtime.bigint()
    const known = new Map<number, Known>()
    const entries: Array<MarkedEntry> = []
    for (const name of readdirSync("/proc")) {
      const first = name.charCodeAt(0)
      if (first < 48 || first > 57) continue
      const entry = entryOf(statOf(name) ?? "")
      if (entry === undefined || entry.pid === process.pid) continue
      const before = this.#known.get(entry.pid)
      const now = this.#look(name, entry, before?.start === entry.start ? before : undefined)
      known.set(entry.pid, now)
      entries.push({ ...entry, marks: now.marks })
    }
    this.#known = known
    this.cost = Number(process.hrtime.bigint() - began) / 1e6
    return entries
  }

  #look(pid: string, { isKernel, isZombie, start }: ProcessEntry, before: Known | undefined): Known {
    if (before !== undefined && (before.empty === 0 || before.empty >= looks)) return before
    if (isKernel || isZombie) return { start, marks: before?.marks ?? none, empty: 0 }
    const environ = variablesOf(pid)
    // Somebody else's.
    if (environ === undefined) return { start, marks: none, empty: 0 }
    if (environ === "") return { start, marks: none, empty: (before?.empty ?? 0) + 1 }
    return { start, marks: environ.includes(marker) ? marksOf(environ) : none, empty: 0 }
  }

  /** As it is some time after now: all who ask at once have one look. */
  readonly fresh: Effect.Effect<ReadonlyArray<MarkedEntry>> = Effect.promise(() =>
    this.#pending ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#pending = undefined
        resolve(this.read())
      })
    })
  )

  /** Bytes that a process takes; what it shares counts in parts, if that may be known. */
  memoryOf({ pid, resident }: MarkedEntry): number {
    return proportional(textOf(`/proc/${pid}/smaps_rollup`)) ?? resident * this.page
  }

  /** How many threads this user has, of all of its processes. */
  threads(): number {
    const own = process.getuid?.()
    let threads = 0
    for (const name of readdirSync("/proc")) {
      const first = name.charCodeAt(0)
      if (first < 48 || first > 57) continue
      const status = textOf(`/proc/${name}/status`)
      if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) === own) {
        threads += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0)
      }
    }
    return threads
  }
}
