/**
 * What one attempt writes, by the Logger, by the Console or to the standard
 * streams.
 *
 * @since 0.1.0
 */
import { Context } from "effect"
import { Console } from "node:console"
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import { LineSplitter } from "../../src/logs/LineSplitter.ts"
import { type LogSink, Retention } from "../../src/logs/Retention.ts"
import { utf8Length, utf8Prefix } from "../../src/logs/Utf8.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import type { ExecutorLogs } from "./ExecutorLogs.ts"

/** A standard stream. */
export type StreamName = "stdout" | "stderr"

/** There once something was written: most attempts write nothing. */
interface Written {
  readonly retention: Retention
  readonly streams: { [Name in StreamName]?: LineSplitter }
  console: Console | undefined
}

const encoder = new TextEncoder()

/** One attempt's log, until the attempt has ended. */
export class AttemptLog {
  readonly #logs: ExecutorLogs
  readonly #lease: LeaseRef
  #written: Written | undefined
  /** Whether what it writes by the Logger and the Console goes to the program's own as well. */
  readonly isTeed: boolean
  /** Whether what it writes to the standard streams is taken, too. */
  readonly isWhole: boolean
  isEnded = false

  constructor(logs: ExecutorLogs, lease: LeaseRef, isTeed: boolean, isWhole: boolean) {
    this.#logs = logs
    this.#lease = lease
    this.isTeed = isTeed
    this.isWhole = isWhole
  }

  /** A line of the Logger. */
  add(line: LogLine): void {
    if (this.isEnded) return
    const { retention } = this.#open()
    const { limits } = this.#logs
    const annotations = boundedAnnotations(line.annotations, limits.line / 2)
    const size = utf8Length(line.message) + 1
    if (size <= limits.line) return retention.add({ ...line, annotations: annotations.kept }, size + annotations.size)
    const message = utf8Prefix(line.message, limits.line)
    const kept = utf8Length(message)
    retention.add({ ...line, message, annotations: annotations.kept }, kept + annotations.size)
    retention.cut(size - kept)
  }

  /** Bytes, or text, for a stream. */
  write(stream: StreamName, chunk: Uint8Array | string): void {
    if (this.isEnded) return
    const { retention, streams } = this.#open()
    const splitter = streams[stream] ??= new LineSplitter(this.#logs.limits.line, {
      line: (message, size) =>
        retention.add({ time: this.#logs.time(), level: "Info", message, annotations: {}, stream }, size),
      cut: (size) => retention.cut(size)
    })
    splitter.add(typeof chunk === "string" ? encoder.encode(chunk) : chunk)
  }

  /** A console of its own: groups, counts and timers are nobody else's. */
  get console(): Console {
    const written = this.#open()
    return written.console ??= consoleOf((stream, text) => this.write(stream, text))
  }

  end(isBad: boolean): void {
    const written = this.#written
    this.#written = undefined
    if (written !== undefined) {
      written.streams.stdout?.close()
      written.streams.stderr?.close()
      written.retention.end(this.#logs.time(), isBad)
      this.#logs.closed(this)
    }
    this.isEnded = true
  }

  #open(): Written {
    if (this.#written !== undefined) return this.#written
    this.#logs.opened(this)
    const sink: LogSink = {
      emit: (line, size) => this.#logs.emit(this.#lease, line, size),
      hasRoom: this.#logs.hasRoom,
      mayOwe: this.#logs.mayOwe,
      withheld: (retention) => this.#logs.withheld(this.#lease, retention)
    }
    return this.#written = { retention: new Retention(this.#logs.limits, sink), streams: {}, console: undefined }
  }
}

/** The log of the attempt that a fiber belongs to. */
export const CurrentLog = Context.Reference<AttemptLog | undefined>("cadre/layers/logs/CurrentLog", {
  defaultValue: () => undefined
})

const consoleOf = (write: (stream: StreamName, text: string) => void): Console => {
  // All that a console that ignores no errors uses of a stream.
  const stream = (name: StreamName) => ({ write: (text: string) => write(name, text) }) as unknown as NodeJS.WriteStream
  return new Console({ stdout: stream("stdout"), stderr: stream("stderr"), ignoreErrors: false, colorMode: false })
}

/** The annotations, as far as they go with a line. */
const boundedAnnotations = (annotations: LogLine["annotations"], limit: number) => {
  const entries = Object.entries(annotations)
  if (entries.length === 0) return { kept: annotations, size: 0 }
  const size = entries.reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0)
  if (size <= limit) return { kept: annotations, size }
  const few = entries.slice(0, 32)
  const each = Math.floor(limit / (2 * few.length))
  const short = (text: string): string => {
    const prefix = utf8Prefix(text, each)
    return prefix.length === text.length ? text : `${prefix}…`
  }
  return { kept: Object.fromEntries(few.map(([key, value]) => [short(key), short(value)])), size: limit }
}
