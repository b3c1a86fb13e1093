/**
 * How a child process ended.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * How a child process ended. `byUs` is whether the supervisor sent the signal;
 * `limit` and `used` are bytes of memory, or processes.
 */
export const ProcessExit = Schema.TaggedUnion({
  Exited: { code: Schema.Int },
  Signalled: { signal: Schema.String, byUs: Schema.Boolean },
  MemoryExceeded: { limit: Schema.Number, used: Schema.Number },
  ProcessesExceeded: { limit: Schema.Int, used: Schema.Int },
  CouldNotStart: { reason: Schema.String }
})
export type ProcessExit = typeof ProcessExit.Type

const bytesText = (bytes: number): string => `${Math.ceil(bytes / 1_024 ** 2).toLocaleString("en")} MiB`

/** How it ended, in words that go on a sentence about it: "was killed by SIGSEGV". */
export const exitText: (exit: ProcessExit) => string = ProcessExit.match({
  Exited: ({ code }) => `exited with code ${code}`,
  Signalled: ({ byUs, signal }) =>
    byUs
      ? `was ended with ${signal}`
      : signal === "SIGKILL"
      ? "was killed by SIGKILL: by somebody else, or by the system as memory ran out"
      : `was killed by ${signal}`,
  MemoryExceeded: ({ limit, used }) =>
    `was killed: it took ${bytesText(used)} of memory, and ${bytesText(limit)} is its limit`,
  ProcessesExceeded: ({ limit, used }) => `was killed: it had ${used} processes, and ${limit} is its limit`,
  CouldNotStart: ({ reason }) => `could not be started: ${reason}`
})

/** Whether nothing went wrong: it exited with code 0, or was asked to end. */
export const isGood = (exit: ProcessExit): boolean =>
  exit._tag === "Exited" ? exit.code === 0 : exit._tag === "Signalled" && exit.byUs

/** What a shell would say of it: its own code, 128 and the signal, or 125 where it could not be started. */
export const exitCode = (exit: ProcessExit, signals: { readonly [signal: string]: number }): number => {
  switch (exit._tag) {
    case "Exited":
      return exit.code
    case "Signalled":
      return 128 + (signals[exit.signal] ?? 0)
    case "CouldNotStart":
      return 125
    default:
      return 137
  }
}

/** What is known of a process that has ended, before anybody has judged it. */
export interface Ending {
  readonly code: number | null
  readonly signal: string | null
  /** The signals that were sent to it on purpose. */
  readonly sent: ReadonlySet<string>
  /** What it was killed for. */
  readonly exceeded: ProcessExit | undefined
}

/** Signals that end a process that was not asked to: it did something wrong itself. */
const faults = new Set(["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS"])

/** How it ended. One that was killed for what it took has not ended by itself, whatever it says. */
export const exitOf = ({ code, exceeded, sent, signal }: Ending): ProcessExit => {
  if (signal !== null) {
    if (exceeded !== undefined && signal === "SIGKILL") return exceeded
    return { _tag: "Signalled", signal, byUs: sent.has(signal) && !faults.has(signal) }
  }
  return exceeded ?? { _tag: "Exited", code: code ?? 0 }
}
