/**
 * A server at the other end of connections on which things go wrong.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import { Server, type SubmitterPort } from "../../services/Server.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import { afterTurn } from "../TurnScheduler.ts"
import type { Link, Weather } from "./Faults.ts"
import type { ExecutorLine, Ground, Mishap, Place } from "./Ground.ts"
import type { History } from "./History.ts"

/** Wraps a server. The relays run in `scope`, which must outlive all connections. */
export class FaultyServer implements Ground {
  readonly isApart = false
  readonly mishaps = []
  readonly #server: Server["Service"]
  readonly #weather: Weather
  readonly #history: History
  readonly #scope: Scope.Scope
  readonly #ups = new Map<string, Link<SubmitterMessage>>()

  constructor(server: Server["Service"], weather: Weather, history: History, scope: Scope.Scope) {
    this.#server = server
    this.#weather = weather
    this.#history = history
    this.#scope = scope
  }

  /** What submitters connect to. */
  get server(): Server["Service"] {
    return Server.of({ ...this.#server, connect: (submitter) => this.#connect(submitter) })
  }

  readonly place = (): Effect.Effect<Place> =>
    Effect.succeed({ server: this.server, operator: undefined, attach: this.attach })

  readonly happen = (_: Mishap): Effect.Effect<void> => Effect.void

  get status() {
    return this.#server.status
  }

  get executors() {
    return Effect.map(this.#server.status, ({ executors }) => executors.map(({ executorId }) => executorId))
  }

  readonly conclude = Effect.succeed([])

  /** Once more: at once, or when what it is about may be long over. */
  #again(send: () => void): void {
    const { clock, random } = this.#weather
    if (random.chance(0.3)) send()
    else clock.at(clock.now + random.magnitude(5_000), send)
  }

  /** Somebody else cancels a task of that submitter. */
  readonly cancel = (submitter: string, task: number): void => {
    this.#ups.get(submitter)?.send({ _tag: "cancel", target: { task }, by: "the simulation" })
  }

  #connect(submitter: string): Effect.Effect<SubmitterPort, never, Scope.Scope> {
    return Effect.uninterruptible(Effect.gen({ self: this }, function*() {
      const port = yield* this.#server.connect(submitter)
      const notices = new TurnQueue<SubmitterNotice, ConnectionLost>(yield* afterTurn)
      const up = this.#weather.link((message: SubmitterMessage) => {
        this.#history.told(submitter, message)
        port.send(message)
      })
      const down = this.#weather.link((notice: SubmitterNotice) => {
        this.#history.heard(submitter, notice)
        notices.offer(notice)
      })
      this.#ups.set(submitter, up)
      port.notices.read({
        take: (batch) => {
          for (const notice of batch) down.send(notice)
        },
        closed: (error) => {
          down.resume()
          notices.close(error)
        }
      })
      // What it said before it left arrives before it has left.
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          this.#ups.delete(submitter)
          up.resume()
          up.cut()
        })
      )
      return { ...port, notices, send: (message: SubmitterMessage) => up.send(message) }
    }))
  }

  /** Attaches an executor. */
  readonly attach: (spec: ExecutorSpec) => Effect.Effect<ExecutorLine> = Effect.fnUntraced(
    { self: this },
    function*(spec: ExecutorSpec) {
      const scope = yield* Scope.fork(this.#scope)
      const port = yield* Scope.provide(this.#server.attach(spec), scope)
      const commands = new TurnQueue<ExecutorCommand>(yield* afterTurn)
      const up = this.#weather.link((message: ExecutorMessage) => {
        port.send(message)
        if (message._tag === "ended" && this.#weather.isDoubled()) this.#again(() => port.send(message))
      })
      const down = this.#weather.link((command: ExecutorCommand) => commands.offer(command))
      port.commands.read({
        take: (batch) => {
          for (const command of batch) down.send(command)
        }
      })
      return {
        port: { ...port, commands, send: (message: ExecutorMessage) => up.send(message) },
        pause: (until: number) => {
          up.pause(until)
          down.pause(until)
        },
        lose: (reason: string) =>
          Effect.suspend(() => {
            down.cut()
            return Scope.close(scope, Exit.fail(new ConnectionLost({ reason })))
          }),
        leave: Effect.suspend(() => {
          up.resume()
          return Scope.close(scope, Exit.void)
        })
      }
    }
  )
}
