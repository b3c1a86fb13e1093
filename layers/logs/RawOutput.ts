/**
 * The standard streams of a worker thread, taken from whatever writes to them
 * without knowing of Effect: each write belongs to the attempt in whose
 * asynchronous context it was made, however many run at a time.
 *
 * @since 0.1.0
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks"
import { Buffer } from "node:buffer"
import process from "node:process"
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import type { AttemptLog, StreamName } from "./AttemptLog.ts"

/** Whose context it is, where that is an attempt whose output is not taken. */
type Owner = AttemptLog | "other"

/** Who takes what belongs to no attempt, or to one that has ended; undefined while nobody does. */
export type Own = (stream: StreamName, chunk: Uint8Array | string) => void

/** What callers may give a stream: what it takes, in which encoding, and who is to be told. */
type Write = (chunk: Uint8Array | string, encoding?: unknown, done?: unknown) => boolean

/** The streams of this thread. They are as they always were until somebody takes them, and after they were released. */
export class RawOutput {
  readonly #contexts = new AsyncLocalStorage<Owner>()
  #outside: AsyncResource | undefined
  #release: (() => void) | undefined
  /** The only attempt that runs where there is but one slot: to it belongs what was made ready before it. */
  sole: () => AttemptLog | "other" | undefined = () => undefined
  own: Own | undefined
  /** Told now and then what would be said if an attempt ended now, while lines of its are left out: it may not get to say so. */
  withheld: ((lease: LeaseRef, lines: ReadonlyArray<LogLine>) => void) | undefined
  /** What is written now was taken in another form. */
  isMuted = false

  get isTaken(): boolean {
    return this.#outside !== undefined
  }

  /** From now on output is somebody's. */
  take(): void {
    if (this.#outside !== undefined) return
    this.#outside = new AsyncResource("cadre/RawOutput")
    const releases = [this.#replace("stdout"), this.#replace("stderr")]
    this.#release = () => {
      for (const release of releases) release()
    }
  }

  release(): void {
    this.#release?.()
    this.#release = undefined
    this.#outside = undefined
  }

  /** Runs a part of an attempt: what it starts is the attempt's, too. */
  run<A>(log: AttemptLog | undefined, part: () => A): A {
    if (this.#outside === undefined) return part()
    // `AsyncLocalStorage.run` would take five times as long.
    return this.#outside.runInAsyncScope(this.#enter<A>, this, log, part)
  }

  #enter<A>(log: AttemptLog | undefined, part: () => A): A {
    this.#contexts.enterWith(log?.isWhole === true ? log : "other")
    return part()
  }

  /** The attempt whose context this is, if its output is taken. */
  get current(): AttemptLog | undefined {
    const owner = this.#contexts.getStore()
    return owner === "other" ? undefined : owner
  }

  #replace(name: StreamName): () => void {
    const stream = process[name]
    const original = stream.write
    const write: Write = (chunk, encoding, done) => {
      const owner = this.#contexts.getStore() ?? this.sole()
      const isOwn = owner === undefined || (owner !== "other" && owner.isEnded)
      if (owner === "other" || (isOwn && this.own === undefined)) {
        // The stream knows best which of its forms this is.
        return Reflect.apply(original, stream, [chunk, encoding, done])
      }
      if (!this.isMuted) {
        const bytes = typeof chunk === "string" && isEncoding(encoding) ? Buffer.from(chunk, encoding) : chunk
        if (isOwn) this.own?.(name, bytes)
        else owner.write(name, bytes)
      }
      const told = typeof encoding === "function" ? encoding : done
      if (typeof told === "function") process.nextTick(told)
      return true
    }
    // It takes whatever the original takes.
    stream.write = write as typeof stream.write
    return () => {
      if (stream.write === write) stream.write = original
    }
  }
}

const isEncoding = (encoding: unknown): encoding is NodeJS.BufferEncoding =>
  typeof encoding === "string" && !/^utf-?8$/i.test(encoding) && Buffer.isEncoding(encoding)
