/**
 * A server with a disk, which dies and is started again, and a network between
 * it and everybody else.
 *
 * @since 0.1.0
 */
import { Context, Deferred, Duration, Effect, Exit, Layer, References, Schedule, Scope } from "effect"
import { Operator } from "../../services/Operator.ts"
import { Server, type SubmitterPort } from "../../services/Server.ts"
import { TaskStore } from "../../services/TaskStore.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import { leftOf } from "../server/Restoring.ts"
import * as ServerStored from "../server/ServerStored.ts"
import { Disk } from "../store/Disk.ts"
import * as TaskStoreMemory from "../store/TaskStoreMemory.ts"
import * as Listener from "../wire/Listener.ts"
import * as ServerRemote from "../wire/ServerRemote.ts"
import type { Timing } from "../wire/Timing.ts"
import type { Weather } from "./Faults.ts"
import * as FaultyStore from "./FaultyStore.ts"
import type { ExecutorLine, Ground, Mishap, Place } from "./Ground.ts"
import type { History } from "./History.ts"
import { Network } from "./Network.ts"

/** One run of the server. */
interface Run {
  readonly server: Server["Service"]
  readonly operator: Operator["Service"]
  readonly sessions: () => number
  readonly die: () => void
  readonly scope: Scope.Closeable
  /** Done once it decides nothing any more. */
  readonly dead: Deferred.Deferred<void>
}

/** How often a process tries to reach a server that is not there. */
const knocking = Schedule.spaced("500 millis")

/** Milliseconds after which a server has noticed that somebody is gone, and has given them up. */
const patience = 240_000

/** A durable server, and the processes around it. */
export class DurableGround implements Ground {
  readonly isApart = true
  readonly mishaps = ["crashes", "drops", "partitions"] as const
  readonly #disk = new Disk()
  readonly #network: Network
  readonly #weather: Weather
  readonly #timing: Timing
  readonly #history: History
  readonly #options: ServerStored.Options
  readonly #scope: Scope.Scope
  readonly #share: number
  readonly #ports = new Map<string, SubmitterPort>()
  readonly #judged = { refused: 0, repeated: 0 }
  #run: Run | undefined
  #operator: Operator["Service"] | undefined
  #fork: (effect: Effect.Effect<void>) => void = () => {}
  #isOver = false

  constructor(weather: Weather, timing: Timing, history: History, options: ServerStored.Options, scope: Scope.Scope) {
    this.#weather = weather
    this.#timing = timing
    this.#history = history
    this.#options = options
    this.#scope = scope
    this.#network = new Network(weather, timing)
    this.#share = 0.5 / weather.random.magnitude(40)
  }

  /** Starts the server, and starts it again whenever it has died. */
  readonly serve: Effect.Effect<void, unknown> = Effect.gen({ self: this }, function*() {
    const healed = yield* Deferred.make<void>()
    const context = yield* Effect.context()
    this.#fork = (effect) => void Effect.runForkWith(context)(Effect.forkIn(effect, this.#scope))
    this.#weather.onHeal(() => Deferred.doneUnsafe(healed, Exit.void))
    yield* this.#boot()
    const again = Effect.gen({ self: this }, function*() {
      const run = this.#run
      if (run === undefined) return
      yield* Deferred.await(run.dead)
      this.#end(run)
      yield* Scope.close(run.scope, Exit.void)
      if (this.#isOver) return yield* Effect.never
      const { random } = this.#weather
      const away = random.magnitude(random.chance(0.1) ? 60_000 : 10_000)
      yield* Effect.raceFirst(Effect.sleep(away), Deferred.await(healed))
      yield* this.#boot()
    })
    yield* Effect.forkIn(Effect.forever(again), this.#scope)
  })

  readonly #boot = Effect.fnUntraced({ self: this }, function*() {
    const scope = yield* Scope.fork(this.#scope)
    const dead = yield* Deferred.make<void>()
    let isDead = false
    const die = () => {
      isDead = true
      Deferred.doneUnsafe(dead, Exit.void)
      if (this.#run?.dead === dead) this.#end(this.#run)
    }
    const store = Layer.effect(
      TaskStore,
      Effect.map(TaskStore, (store) =>
        FaultyStore.make(store, this.#disk, this.#weather, this.#history, this.#share, {
          die,
          isDead: () => isDead,
          soon: this.#timing.soon
        }))
    ).pipe(Layer.provide(TaskStoreMemory.layerOn(this.#disk)))
    const context = yield* Layer.build(Layer.fresh(ServerStored.layer(this.#options).pipe(Layer.provide(store)))).pipe(
      Scope.provide(scope)
    )
    const { end, stop } = Context.get(context, ServerStored.Ending)
    const server = Context.get(context, Server)
    const operator = Context.get(context, Operator)
    const house = yield* Scope.provide(Listener.host({ server, operator }, true), scope)
    const finished = () => {
      isDead = true
      stop("it was killed")
    }
    this.#run = { server, operator, scope, dead, sessions: house.sessions, die: finished }
    yield* Effect.forkIn(Effect.andThen(end, Effect.sync(die)), scope)
    this.#network.listen(house.admitted)
    const { counts, faults, random } = this.#weather
    if (this.#weather.isFair || counts.crashes >= faults.crashes || counts.crashes === 0 || !random.chance(0.2)) return
    counts.crashes++
    this.#timing.after(random.magnitude(1_000), die)
    // What a server that dies has to say is of no use to who runs the simulation.
  }, Effect.provideService(References.MinimumLogLevel, "None"))

  /** It is gone, from one moment to the next. */
  #end(run: Run): void {
    if (this.#run !== run) return
    this.#run = undefined
    this.#disk.crash()
    run.die()
    this.#network.down(this.#weather.random.chance(0.2))
    Deferred.doneUnsafe(run.dead, Exit.void)
  }

  readonly place = Effect.fnUntraced({ self: this }, function*(name: string): Effect.fn.Return<Place> {
    const scope = yield* Scope.fork(this.#scope)
    const { operator, server } = yield* ServerRemote.connectBy(this.#network.dial(name), {}).pipe(
      Effect.retry(knocking),
      Effect.orDie,
      Scope.provide(scope)
    )
    this.#operator = operator
    return {
      operator,
      server: Server.of({
        ...server,
        get info() {
          return server.info
        },
        connect: (submitter) => this.#connect(server, submitter)
      }),
      attach: (spec) => this.#attach(name, server, spec, scope)
    }
  })

  #connect(server: Server["Service"], submitter: string): Effect.Effect<SubmitterPort, never, Scope.Scope> {
    const history = this.#history
    return Effect.gen({ self: this }, function*() {
      const port = yield* server.connect(submitter)
      let hasLeft = false
      this.#ports.set(submitter, port)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          hasLeft = true
          this.#ports.delete(submitter)
        })
      )
      const heard: SubmitterPort = {
        ...port,
        send: (message) => {
          history.told(submitter, message)
          port.send(message)
        },
        notices: {
          read: (reader) =>
            port.notices.read(
              reader && {
                take: (notices) => {
                  for (const notice of notices) history.heard(submitter, notice)
                  reader.take(notices)
                },
                closed: (error) => {
                  if (!hasLeft) history.lost(submitter)
                  reader.closed?.(error)
                }
              }
            )
        }
      }
      return heard
    })
  }

  readonly #attach = Effect.fnUntraced(
    { self: this },
    function*(name: string, server: Server["Service"], spec: ExecutorSpec, place: Scope.Closeable) {
      const scope = yield* Scope.fork(place)
      const port = yield* Scope.provide(server.attach(spec), scope)
      const line: ExecutorLine = {
        port,
        pause: (until) => {
          this.#network.block(name, { up: true, down: true })
          this.#weather.clock.at(until, () => this.#network.unblock(name))
        },
        lose: () =>
          Effect.suspend(() => {
            this.#network.kill(name, this.#weather.random.chance(0.5))
            return Effect.asVoid(Effect.forkIn(Scope.close(place, Exit.void), this.#scope))
          }),
        leave: Effect.andThen(Scope.close(scope, Exit.void), Scope.close(place, Exit.void))
      }
      return line
    }
  )

  /** Its submitter says so, or an operator, who hears when all of that has ended. */
  readonly cancel = (submitter: string, task: number): void => {
    const port = this.#ports.get(submitter)
    if (port === undefined) return
    if (this.#operator === undefined || this.#weather.random.chance(0.5)) {
      return port.send({ _tag: "cancel", target: { task }, by: "the simulation" })
    }
    const selector = { _tag: "Tasks", ids: [port.idOf(task)] } as const
    const cancelling = Effect.map(this.#operator.cancel(selector, "the simulation"), ({ tasks }) => {
      if (tasks > 0) this.#history.stopped(task)
    })
    this.#fork(Effect.ignore(cancelling))
  }

  readonly happen = (mishap: Mishap): Effect.Effect<void> =>
    Effect.sync(() => {
      const { clock, counts, faults, random } = this.#weather
      if (mishap === "crashes") {
        if (this.#run === undefined) return
        counts.crashes++
        return this.#end(this.#run)
      }
      const process = random.pick(this.#network.connected)
      if (process === undefined) return
      counts[mishap]++
      if (mishap === "drops") return this.#network.drop(process)
      const [up, down] = random.pick([[true, true], [true, false], [false, true]] as const) ?? [true, true]
      this.#network.block(process, { up, down })
      const longest = Duration.toMillis(Duration.fromInputUnsafe(faults.partition))
      clock.at(clock.now + random.magnitude(longest), () => this.#network.unblock(process))
    })

  get status() {
    return Effect.gen({ self: this }, function*() {
      const { refused = 0, repeated = 0 } = this.#run === undefined ? {} : yield* this.#run.server.status
      return { refused: this.#judged.refused + refused, repeated: this.#judged.repeated + repeated }
    })
  }

  get executors() {
    return Effect.suspend(() =>
      this.#run === undefined
        ? Effect.succeed(undefined)
        : Effect.map(this.#run.server.status, ({ executors }) => executors.map(({ executorId }) => executorId))
    )
  }

  readonly conclude: Effect.Effect<ReadonlyArray<string>> = Effect.gen({ self: this }, function*() {
    const violations: Array<string> = []
    yield* Effect.sleep(patience)
    const run = this.#run
    if (run === undefined) return ["the server is not there in the end"]
    if (run.sessions() > 0) violations.push(`the listener has ${run.sessions()} sessions left`)
    const { executors } = yield* run.server.status
    if (executors.length > 0) violations.push(`the server has ${executors.length} executors left`)
    const { queued, running } = yield* Effect.orDie(run.operator.status)
    if (queued + running > 0) violations.push(`the server has ${queued} tasks that wait, and ${running} that run`)
    this.#isOver = true
    run.die()
    this.#disk.crash()
    const { recovered: { entries, submitters } } = yield* Effect.map(
      Layer.build(Layer.fresh(TaskStoreMemory.layerOn(this.#disk))),
      (context) => Context.get(context, TaskStore)
    ).pipe(Effect.scoped, Effect.orDie)
    const open = entries.filter(({ restored, stored }) => leftOf({ restored, stored }) > 0)
    if (open.length > 0) violations.push(`the store has ${open.length} entries that have not ended`)
    if (submitters.length > 0) violations.push(`the store waits for ${submitters.map(({ submitter }) => submitter)}`)
    return violations
  })
}
