/**
 * An executor's session at the listener.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import type { ExecutorPort, Server } from "../../services/Server.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { ExecutorCommand } from "../../src/protocol/ExecutorPort.ts"
import {
  downSizeOf,
  type ExecutorDown,
  type ExecutorUp,
  splitCommand
} from "../../src/protocol/session/ExecutorWords.ts"
import { type House, Seat } from "./Seat.ts"

/** One executor. */
export class ExecutorSeat extends Seat<ExecutorUp, ExecutorDown> {
  readonly role = "executor"
  readonly spec: ExecutorSpec
  #port: ExecutorPort | undefined

  constructor(session: string, house: House, spec: ExecutorSpec) {
    super(session, house)
    this.spec = spec
  }

  /** Attaches it to the server. */
  readonly start = (server: Server["Service"]): Effect.Effect<void> =>
    Effect.map(Scope.provide(server.attach(this.spec), this.scope), (port) => {
      this.#port = port
      this.isReady = true
      this.read()
    })

  protected read(): void {
    this.#port?.commands.read(this.#reader)
  }

  protected pause(): void {
    this.#port?.commands.read(undefined)
  }

  protected hear(words: ReadonlyArray<ExecutorUp>): void {
    for (const word of words) {
      if (this.isLeaving) return
      if (word._tag !== "leave") this.#port?.send(word)
      else this.leave(word.reason === undefined ? Exit.void : Exit.fail(word.reason), { _tag: "left" })
    }
  }

  readonly #reader = {
    take: (commands: ReadonlyArray<ExecutorCommand>) => {
      for (const command of commands) {
        for (const word of splitCommand(command)) this.say(word, downSizeOf(word))
      }
    }
  }
}
