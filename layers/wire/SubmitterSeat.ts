/**
 * A submitter's session at the listener.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import type { Server, SubmitterPort } from "../../services/Server.ts"
import { Assembly, type Budget } from "../../src/protocol/session/Assembly.ts"
import {
  downSizeOf,
  splitNotice,
  type SubmitterDown,
  type SubmitterUp
} from "../../src/protocol/session/SubmitterWords.ts"
import type { SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import type { ConnectionLost } from "../../src/task/TaskError.ts"
import { type House, Seat } from "./Seat.ts"

/** One submitter. */
export class SubmitterSeat extends Seat<SubmitterUp, SubmitterDown> {
  readonly role = "submitter"
  readonly name: string
  readonly #assembly: Assembly
  #port: SubmitterPort | undefined

  constructor(session: string, house: House, name: string, budget: Budget) {
    super(session, house)
    this.name = name
    this.#assembly = new Assembly(budget, house.limits.unfinished)
  }

  /** Connects it to the server. */
  readonly start = (server: Server["Service"]): Effect.Effect<void> =>
    Effect.map(Scope.provide(server.connect(this.name), this.scope), (port) => {
      this.#port = port
      this.isKnown = port.isKnown ?? false
      this.isReady = true
      this.read()
    })

  protected read(): void {
    this.#port?.notices.read(this.#reader)
  }

  protected pause(): void {
    this.#port?.notices.read(undefined)
  }

  protected hear(words: ReadonlyArray<SubmitterUp>): void {
    for (const word of words) {
      if (this.isLeaving) return
      if (word._tag === "leave") {
        this.#assembly.clear()
        return this.leave(Exit.void, { _tag: "left" })
      }
      const assembled = this.#assembly.take(word)
      switch (assembled._tag) {
        case "Message":
          this.#port?.send(assembled.message)
          break
        case "Refused": {
          const { reason, request } = assembled
          this.#say({ _tag: "Refused", request, reason: { _tag: "Full", reason } })
          break
        }
        case "Invalid":
          return this.visit?.cut(assembled.problem)
        case "Unfinished":
      }
    }
  }

  override expire(reason: string): void {
    this.#assembly.clear()
    super.expire(reason)
  }

  readonly #reader = {
    take: (notices: ReadonlyArray<SubmitterNotice>) => {
      for (const notice of notices) for (const word of splitNotice(notice)) this.#say(word)
    },
    closed: ({ reason }: ConnectionLost) => this.#say({ _tag: "lost", reason })
  }

  #say(word: SubmitterDown): void {
    this.say(word, downSizeOf(word))
  }
}
