/**
 * The network of a simulation: processes that reach one server, on connections
 * that are lost, that only one end has lost, or on which nothing moves for a while.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { readAnswer } from "../../src/protocol/Greeting.ts"
import { version } from "../../src/protocol/session/Frame.ts"
import type { Role } from "../../src/security/Role.ts"
import type { Dialled } from "../wire/Dial.ts"
import type { House } from "../wire/Listener.ts"
import type { Timing } from "../wire/Timing.ts"
import { Unreachable } from "../wire/Unreachable.ts"
import type { Weather } from "./Faults.ts"
import { Flow, VirtualSocket } from "./VirtualSocket.ts"

interface Connection {
  readonly process: string
  readonly client: VirtualSocket
  readonly server: VirtualSocket
  readonly up: Flow
  readonly down: Flow
}

/** Which way nothing moves. */
interface Blockage {
  readonly up: boolean
  readonly down: boolean
}

/** Milliseconds after which nobody waits for an answer any more. */
const patience = 10_000

const roles: ReadonlyArray<Role> = ["submitter", "executor", "operator"]

/** Timers of a simulation. */
export const timing = ({ clock }: Weather, soon: (run: () => void) => void): Timing => ({
  now: () => clock.now,
  soon,
  after: (millis, run) => clock.at(clock.now + millis, run),
  every: (millis, run) => {
    let stop = () => {}
    const again = () => {
      stop = clock.at(clock.now + millis, again)
      run()
    }
    stop = clock.at(clock.now + millis, again)
    return () => stop()
  }
})

/** One server, and whoever reaches it. */
export class Network {
  readonly #weather: Weather
  readonly #timing: Timing
  readonly #connections = new Set<Connection>()
  readonly #blocked = new Map<string, Blockage>()
  readonly #dead = new Set<string>()
  #admitted: House["admitted"] | undefined

  constructor(weather: Weather, timing: Timing) {
    this.#weather = weather
    this.#timing = timing
    weather.onHeal(() => {
      for (const process of this.#blocked.keys()) this.unblock(process)
    })
  }

  /** A server is there. */
  listen(admitted: House["admitted"]): void {
    this.#admitted = admitted
  }

  /** The server is dead. Its peers hear that from the machine that it was on, unless that is dead, too. */
  down(isMachine: boolean): void {
    this.#admitted = undefined
    for (const connection of this.#connections) {
      connection.server.abandon()
      connection.up.breakOff()
      if (isMachine) connection.down.breakOff()
      else connection.down.reset()
      this.#connections.delete(connection)
    }
  }

  /** Processes that have a connection. */
  get connected(): ReadonlyArray<string> {
    return [...new Set([...this.#connections].map(({ process }) => process))]
  }

  /** The process is dead: the server hears of it, or has to find out. */
  kill(process: string, isHeard: boolean): void {
    this.#dead.add(process)
    for (const connection of this.#of(process)) {
      connection.client.abandon()
      connection.down.breakOff()
      if (isHeard) connection.up.reset()
      else connection.up.breakOff()
      this.#connections.delete(connection)
    }
  }

  /** Its connection is lost; one end or both notice. */
  drop(process: string): void {
    const notices = this.#weather.random.pick(["both", "client", "server"] as const)
    for (const connection of this.#of(process)) {
      if (notices === "server") connection.down.breakOff()
      else connection.down.reset()
      if (notices === "client") connection.up.breakOff()
      else connection.up.reset()
      this.#connections.delete(connection)
    }
  }

  /** Nothing moves to the server, from it, or both. */
  block(process: string, blockage: Blockage): void {
    this.#blocked.set(process, blockage)
    for (const connection of this.#of(process)) block(connection, blockage)
  }

  /** Everything moves again. */
  unblock(process: string): void {
    this.#blocked.delete(process)
    for (const { down, up } of this.#of(process)) {
      up.resume()
      down.resume()
    }
  }

  #of(process: string): ReadonlyArray<Connection> {
    return [...this.#connections].filter((connection) => connection.process === process)
  }

  /** Connects a process to the server, if there is one. */
  dial(process: string): Effect.Effect<Dialled, Unreachable> {
    return Effect.callback<Dialled, Unreachable>((resume) => {
      const admitted = this.#admitted
      const failed = (problem: string, code: string) => {
        resume(Effect.fail(new Unreachable({ address: "the server", problem, code })))
      }
      const blockage = this.#blocked.get(process)
      if (blockage !== undefined || this.#dead.has(process)) {
        const cancel = this.#timing.after(patience, () => failed("it does not answer", "ETIMEDOUT"))
        return Effect.sync(cancel)
      }
      if (admitted === undefined) {
        this.#timing.soon(() => failed("nobody listens there", "ECONNREFUSED"))
        return
      }
      const connection = this.#connect(process)
      const { client } = connection
      let line = Buffer.alloc(0)
      const stop = () => {
        cancel()
        client.off("data", read)
        client.off("close", closed)
      }
      const fail = (problem: string, code: string) => {
        stop()
        client.destroy()
        failed(problem, code)
      }
      const closed = () => fail("it closed the connection", "ECONNRESET")
      const read = (chunk: Buffer) => {
        line = Buffer.concat([line, chunk])
        const end = line.indexOf(10)
        if (end === -1) return
        client.pause()
        stop()
        const answer = readAnswer(line.toString("utf8", 0, end))
        if (answer?._tag !== "Welcome") return failed("it let nobody in", "EACCES")
        resume(Effect.succeed({ socket: client, info: answer.info, rest: line.subarray(end + 1) }))
      }
      const cancel = this.#timing.after(patience, () => fail("it does not answer", "ETIMEDOUT"))
      client.on("data", read).on("close", closed).resume()
      this.#timing.soon(() => {
        if (connection.server.isDestroyed) return
        admitted({
          socket: connection.server,
          greeting: { cadre: version, encoding: "binary", roles, name: process },
          roles: new Set(roles),
          name: process,
          rest: Buffer.alloc(0)
        })
      })
      return Effect.sync(() => {
        stop()
        client.destroy()
      })
    })
  }

  #connect(process: string): Connection {
    const [client, server] = [new VirtualSocket(), new VirtualSocket()]
    const flow = (from: VirtualSocket, to: VirtualSocket) => {
      const flow = new Flow(this.#weather, this.#timing, (arrival) => to.arrive(arrival), () => from.drained())
      from.join(flow)
      return flow
    }
    const connection = { process, client, server, up: flow(client, server), down: flow(server, client) }
    this.#connections.add(connection)
    return connection
  }
}

const block = ({ down, up }: Connection, blockage: Blockage): void => {
  if (blockage.up) up.block()
  if (blockage.down) down.block()
}
