/**
 * The server's end for what the handlers in one thread submit: it is connected
 * with the first of it, and left when the thread has ended, which cancels what
 * is under way.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import type { Server, SubmitterPort } from "../../services/Server.ts"
import { leaving } from "../../src/protocol/CrossingOutcome.ts"
import type { SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import type { TaskSpec } from "../../src/task/TaskSpec.ts"

/** One thread's submitter as the server knows it. */
export class Desk {
  readonly #connect: Server["Service"]["connect"]
  readonly #name: string
  readonly #tell: (notices: ReadonlyArray<SubmitterNotice>) => void
  readonly #scope = Scope.makeUnsafe()
  /** Kinds of task are told apart by their identity, which does not cross. */
  readonly #specs = new Map<string, TaskSpec>()
  #waiting: Array<SubmitterMessage> = []
  #port: SubmitterPort | undefined
  #isOpening = false
  #isClosed = false

  constructor(
    connect: Server["Service"]["connect"],
    name: string,
    tell: (notices: ReadonlyArray<SubmitterNotice>) => void
  ) {
    this.#connect = connect
    this.#name = name
    this.#tell = tell
  }

  /** Hands on what a thread says; `run` is for the first of it. */
  send(messages: ReadonlyArray<SubmitterMessage>, run: (effect: Effect.Effect<void>) => void): void {
    for (const message of messages) this.#waiting.push(this.#known(message))
    if (this.#port !== undefined) this.#flush(this.#port)
    else if (!this.#isOpening && !this.#isClosed) {
      this.#isOpening = true
      run(this.#open)
    }
  }

  /** Cancels what is under way. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.#isClosed = true
    this.#port?.notices.read(undefined)
    return Scope.close(this.#scope, Exit.void)
  })

  readonly #open: Effect.Effect<void> = Effect.suspend(() =>
    Effect.map(Scope.provide(this.#connect(this.#name), this.#scope), (port) => {
      if (this.#isClosed) return
      this.#port = port
      port.notices.read({ take: (notices) => this.#tell(notices.map(crossing)) })
      this.#flush(port)
    })
  )

  #flush(port: SubmitterPort): void {
    const messages = this.#waiting
    this.#waiting = []
    for (const message of messages) port.send(message)
    port.flush()
  }

  #known(message: SubmitterMessage): SubmitterMessage {
    if (message._tag !== "submit") return message
    return {
      ...message,
      entries: message.entries.map(({ entry, ...rest }) => ({
        ...rest,
        entry: { ...entry, spec: this.#spec(entry.spec) }
      }))
    }
  }

  #spec(spec: TaskSpec): TaskSpec {
    const key = JSON.stringify(spec)
    const known = this.#specs.get(key)
    if (known !== undefined) return known
    this.#specs.set(key, spec)
    return spec
  }
}

const crossing = (notice: SubmitterNotice): SubmitterNotice =>
  notice._tag === "Ended"
    ? { ...notice, endings: notice.endings.map((ending) => ({ ...ending, outcome: leaving(ending.outcome) })) }
    : notice
