/**
 * What the attempts of one executor write, and what it writes itself, on the
 * way to the server.
 *
 * @since 0.1.0
 */
import { type Clock, Console, Context, Logger } from "effect"
import process from "node:process"
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import { LineSplitter } from "../../src/logs/LineSplitter.ts"
import { type LogLimits, logLimits } from "../../src/logs/LogLimits.ts"
import { RateLimit } from "../../src/logs/RateLimit.ts"
import { Retention } from "../../src/logs/Retention.ts"
import type { Attempt, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import { capturing } from "../CapturingLogger.ts"
import { AttemptLog, type StreamName } from "./AttemptLog.ts"
import { Batches } from "./Batches.ts"
import { capturingConsole } from "./CapturingConsole.ts"
import type { RawOutput } from "./RawOutput.ts"

/** What they are made of. */
export interface Options {
  readonly send: (message: ExecutorMessage) => void
  readonly later: (run: () => void) => void
  readonly clock: Clock.Clock
  /** Milliseconds. */
  readonly now: () => number
  /** The streams of the thread that all of the executor's attempts run in, where it has one of its own. */
  readonly raw: RawOutput | undefined
  /** Whether what belongs to no attempt is sent as well. */
  readonly takesOutput: boolean
  readonly limits?: LogLimits
}

/** How many lines that were left out are told, and how often a second. */
const [mostWithheld, tellingRate] = [10, 10]

/** The logs of one executor while it serves. */
export class ExecutorLogs {
  readonly #options: Options
  readonly #batches: Batches
  readonly #rate: RateLimit
  readonly #tellings: RateLimit
  /** Those that something was written to. */
  readonly #open = new Set<AttemptLog>()
  readonly #own: Retention | undefined
  readonly #streams: { [Name in StreamName]?: LineSplitter } = {}
  readonly #contexts = new WeakMap<Context.Context<never>, Context.Context<never>>()
  readonly limits: LogLimits
  readonly hasRoom: (size: number) => boolean
  readonly mayOwe: (size: number) => boolean

  constructor(options: Options) {
    const { limits = logLimits, now, raw, send } = options
    this.#options = options
    this.limits = limits
    this.#batches = new Batches({ ...options, isHasty: raw !== undefined })
    this.#rate = new RateLimit(limits.rate, limits.burst, now())
    this.#tellings = new RateLimit(tellingRate, 1, now())
    this.hasRoom = (size) => this.#rate.take(size, now())
    this.mayOwe = (size) => this.#rate.owe(size, now())
    if (raw === undefined) return
    // The thread's end may be the end of the process as its code sees it: no finalizer runs then.
    process.once("exit", this.#exited)
    if (!options.takesOutput) return
    this.#own = new Retention({ ...limits, bytes: Infinity, lines: Infinity }, {
      emit: (line) => send({ _tag: "output", line }),
      hasRoom: this.hasRoom,
      mayOwe: this.mayOwe
    })
    raw.own = this.#write
    raw.take()
  }

  /** The log of an attempt, if somebody wants it. */
  of({ assignment: { epoch, task }, isFollowed, isLogged }: Attempt): AttemptLog | undefined {
    if (!isFollowed && isLogged !== true) return undefined
    const isWhole = isLogged === true && this.#options.raw !== undefined
    if (isWhole) this.#options.raw?.take()
    return new AttemptLog(this, { task, epoch }, !isWhole, isWhole)
  }

  /** Whether whatever is written to the standard streams has to be told apart: then all attempts are `run`. */
  get isTelling(): boolean {
    return this.#options.raw?.isTaken === true
  }

  /** Runs a part of an attempt, so that what it writes to the standard streams is known to be its own. */
  run<A>(log: AttemptLog | undefined, part: () => A): A {
    const { raw } = this.#options
    return raw === undefined ? part() : raw.run(log, part)
  }

  /** What handlers with a log run in: the same one for the same one. */
  context(base: Context.Context<never>): Context.Context<never> {
    const known = this.#contexts.get(base)
    if (known !== undefined) return known
    const { raw } = this.#options
    let isMuted = false
    const muted = (print: () => void): void => {
      isMuted = true
      if (raw !== undefined) raw.isMuted = true
      try {
        print()
      } finally {
        isMuted = false
        if (raw !== undefined) raw.isMuted = false
      }
    }
    const console = capturingConsole({
      console: Context.get(base, Console.Console),
      current: () => raw?.current,
      isMuted: () => isMuted
    })
    const context = base.pipe(
      Context.add(Logger.CurrentLoggers, capturing(Context.get(base, Logger.CurrentLoggers), muted)),
      Context.add(Console.Console, console)
    )
    this.#contexts.set(base, context)
    return context
  }

  /** Milliseconds since 1970. */
  time(): number {
    return this.#options.clock.currentTimeMillisUnsafe()
  }

  emit(lease: LeaseRef, line: LogLine, size: number): void {
    this.#batches.add(lease, line, size)
  }

  /** Lines of an attempt are left out: who survives its end learns of the last of them. */
  withheld(lease: LeaseRef, retention: Retention): void {
    const { now, raw } = this.#options
    if (raw?.withheld === undefined || !this.#tellings.take(1, now())) return
    this.flush()
    raw.withheld(lease, retention.withheld(this.time(), mostWithheld))
  }

  opened(log: AttemptLog): void {
    this.#open.add(log)
  }

  closed(log: AttemptLog): void {
    this.#open.delete(log)
  }

  /** Before anything is said that ends an attempt. */
  flush(): void {
    this.#batches.flush()
  }

  /** Nobody will say how the attempts end that are under way. */
  close(): void {
    for (const log of this.#open) log.end(true)
    this.flush()
    this.#streams.stdout?.close()
    this.#streams.stderr?.close()
    this.#own?.end(this.time(), true)
    process.off("exit", this.#exited)
    if (this.#options.raw?.own === this.#write) this.#options.raw.own = undefined
  }

  readonly #exited = (): void => this.close()

  readonly #write = (stream: StreamName, chunk: Uint8Array | string): void => {
    const own = this.#own
    if (own === undefined) return
    const splitter = this.#streams[stream] ??= new LineSplitter(this.limits.line, {
      line: (message, size) => own.add({ time: this.time(), level: "Info", message, annotations: {}, stream }, size),
      cut: (size) => own.cut(size)
    })
    splitter.add(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk)
  }
}
