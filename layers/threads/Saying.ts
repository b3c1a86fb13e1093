/**
 * What a thread says of its attempts while they run, in the server's terms.
 *
 * @since 0.1.0
 */
import type { LeaseRef } from "../../src/dispatch/Event.ts"
import { LastLines } from "../../src/logs/LastLines.ts"
import type { Attempt, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import type { FromThread } from "./Messages.ts"

type Said = Extract<FromThread, { readonly _tag: "Says" }>["message"]
type Withheld = Extract<FromThread, { readonly _tag: "Withheld" }>

/** Keeps the last lines of each attempt: a thread that has died cannot be asked for them. */
export class Saying {
  readonly #attempt: (claim: number) => Attempt | undefined
  readonly #last = new LastLines<Attempt>()
  readonly #withheld = new WeakMap<Attempt, ReadonlyArray<LogLine>>()

  constructor(attempt: (claim: number) => Attempt | undefined) {
    this.#attempt = attempt
  }

  /** The message for the server; undefined if it is of attempts that are over. */
  translated(message: Said): ExecutorMessage | undefined {
    switch (message._tag) {
      case "beat":
      case "output":
        return message
      case "logs": {
        const entries = message.entries.flatMap(({ lease, line }) => {
          const attempt = this.#known(lease)
          if (attempt === undefined) return []
          this.#heard(attempt, line)
          return [{ lease: leaseOf(attempt), line }]
        })
        return entries.length === 0 ? undefined : { _tag: "logs", entries }
      }
      case "log":
      case "progress": {
        const attempt = this.#known(message.lease)
        if (attempt === undefined) return undefined
        if (message._tag === "log") this.#heard(attempt, message.line)
        return { ...message, lease: leaseOf(attempt) }
      }
    }
  }

  /** What a thread keeps to itself of a log that is too long, as it was a moment ago. */
  withhold({ lease, lines }: Withheld): void {
    const attempt = this.#known(lease)
    if (attempt !== undefined) this.#withheld.set(attempt, lines)
  }

  /** What is to be said of attempts whose thread has died before it said it. */
  last(attempts: ReadonlyArray<Attempt>): ExecutorMessage | undefined {
    const entries = attempts.flatMap((attempt) => {
      const lines = this.#withheld.get(attempt) ?? []
      for (const line of lines) this.#last.add(attempt, line)
      return lines.map((line) => ({ lease: leaseOf(attempt), line }))
    })
    return entries.length === 0 ? undefined : { _tag: "logs", entries }
  }

  readonly lastLines = (attempt: Attempt): ReadonlyArray<string> => this.#last.of(attempt)

  #heard(attempt: Attempt, line: LogLine): void {
    this.#last.add(attempt, line)
    // There are others after what was withheld: it was said, or there is room again.
    this.#withheld.delete(attempt)
  }

  /** A thread knows its attempts by their claims. */
  #known({ epoch, task: claim }: LeaseRef): Attempt | undefined {
    const attempt = this.#attempt(claim)
    return attempt?.assignment.epoch === epoch ? attempt : undefined
  }
}

/** By what the server knows an attempt. */
export const leaseOf = ({ assignment: { epoch, task } }: Attempt): LeaseRef => ({ task, epoch })
