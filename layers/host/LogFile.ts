/**
 * The log of a process that nobody looks at: one JSON value a line, in files of
 * bounded size.
 *
 * @since 0.1.0
 */
import { Effect, Formatter, type Layer, Logger, type Scope } from "effect"
import { closeSync, copyFileSync, existsSync, fstatSync, ftruncateSync, openSync, renameSync, writeSync } from "node:fs"
import { isDue, type Kept, moves } from "../../src/host/Rotation.ts"

/** A log that begins anew when it is full. What it was is `<path>.1`, and before that `<path>.2`. */
export class LogFile {
  readonly #path: string
  readonly #kept: Kept
  readonly #descriptor: number

  constructor(path: string, kept: Kept) {
    this.#path = path
    this.#kept = kept
    this.#descriptor = openSync(path, "a", 0o600)
  }

  /** Writes a line. What cannot be written is lost: there is nobody to be told. */
  write(line: string): void {
    const text = `${line}\n`
    try {
      if (isDue(fstatSync(this.#descriptor).size, Buffer.byteLength(text), this.#kept)) this.#rotate()
      writeSync(this.#descriptor, text)
    } catch {
      // A full disk must not end the process.
    }
  }

  /**
   * The file itself stays: its end is where the process's standard output goes,
   * and whoever appends to a file goes on at its beginning once it is empty.
   */
  #rotate(): void {
    for (const [from, to] of moves(this.#path, this.#kept)) if (existsSync(from)) renameSync(from, to)
    if (this.#kept.files > 0) copyFileSync(this.#path, `${this.#path}.1`)
    ftruncateSync(this.#descriptor, 0)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** Opens one until the scope is left. */
export const open = (path: string, kept: Kept): Effect.Effect<LogFile, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(() => new LogFile(path, kept)), (file) => Effect.sync(() => file.close()))

/** One line: when, how grave, what, and what is known of it. */
const lineOf = Logger.map(
  Logger.formatStructured,
  ({ annotations, cause, level, message, timestamp }) =>
    Formatter.formatJson({
      timestamp,
      level,
      message: Array.isArray(message) && message.every((part) => typeof part === "string")
        ? message.join(" ")
        : message,
      ...annotations,
      ...(cause !== undefined && { cause })
    })
)

/** Logs there, and nowhere else. */
export const layer = (file: LogFile): Layer.Layer<never> =>
  Logger.layer([Logger.map(lineOf, (line) => file.write(line))])
