/** Files that processes add lines to, and that outlive them: what was run, and what was said. */
import { appendFileSync, closeSync, existsSync, openSync, readSync } from "node:fs"
import type { SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"

/** What a handler did. */
export interface Execution {
  readonly what: "begun" | "ended" | "interrupted"
  /** The number that its submitter has given the task. */
  readonly n: number
  readonly taskId: string
  readonly attempt: number
  readonly pid: number
  readonly at: number
}

/** What a submitter said and heard. */
export type Word =
  | {
    readonly _tag: "Said"
    readonly request: number
    readonly submission: string
    readonly counts: ReadonlyArray<number>
  }
  | {
    readonly _tag: "Heard"
    readonly notice: Extract<SubmitterNotice, { readonly _tag: "Accepted" | "Ended" | "Refused" }>
  }
  /** To the program: tasks with these numbers are accepted. */
  | { readonly _tag: "Accepted"; readonly from: number; readonly to: number; readonly at: number }
  | {
    readonly _tag: "Outcome"
    readonly n: number
    readonly outcome: string
    readonly taskId: string
    readonly at: number
  }
  | { readonly _tag: "Failed"; readonly error: string }
  | { readonly _tag: "Done" }

/** Bytes as lists of numbers, whatever kind of array they are in. */
function plain(this: unknown, key: string, value: unknown): unknown {
  // Of what is in hand the property is there: a `Buffer` makes something else of itself before it is asked for.
  const before = (this as { readonly [key: string]: unknown })[key]
  return before instanceof Uint8Array ? [...before] : value
}

/** Adds one line, which no other that is written at the same time comes into. */
export const write = (path: string, line: Execution | Word): void =>
  appendFileSync(path, `${JSON.stringify(line, plain)}\n`)

/** Makes bytes of them again. */
const revived = (key: string, value: unknown): unknown =>
  key === "bytes" && Array.isArray(value) ? Uint8Array.from(value) : value

/** Reads a file again and again, from where it was read to. */
export class Tail<Line> {
  readonly lines: Array<Line> = []
  readonly #path: string
  #at = 0
  #rest = ""

  constructor(path: string) {
    this.#path = path
  }

  /** All lines that there are by now. */
  read(): ReadonlyArray<Line> {
    if (!existsSync(this.#path)) return this.lines
    const file = openSync(this.#path, "r")
    try {
      const buffer = Buffer.allocUnsafe(65_536)
      for (;;) {
        const size = readSync(file, buffer, 0, buffer.length, this.#at)
        if (size === 0) return this.lines
        this.#at += size
        const lines = `${this.#rest}${buffer.toString("latin1", 0, size)}`.split("\n")
        this.#rest = lines.pop() ?? ""
        // Nobody else writes to these files.
        for (const line of lines) this.lines.push(JSON.parse(line, revived) as Line)
      }
    } finally {
      closeSync(file)
    }
  }
}
