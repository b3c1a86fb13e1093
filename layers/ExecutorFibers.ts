/**
 * An executor that runs handlers as fibers of this process.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Exit, type Fiber, FiberSet, Layer, Queue, Scope } from "effect"
import { Executor } from "../services/Executor.ts"
import type { ExecutorPort } from "../services/Server.ts"
import { Submitter } from "../services/Submitter.ts"
import { TaskContext } from "../services/TaskContext.ts"
import { type Implementation } from "../services/TaskLibrary.ts"
import type { ExecutorSpec, LeaseRef, Report } from "../src/dispatch/Event.ts"
import { Slots } from "../src/dispatch/Slots.ts"
import type { Attempt, ExecutorCommand } from "../src/protocol/ExecutorPort.ts"
import { isValue } from "../src/task/Immediate.ts"
import type { Sealer } from "../src/task/Secret.ts"
import { Backlog } from "./Backlog.ts"
import {
  call,
  describeDefect,
  type Handling,
  handlings,
  invalidPayload,
  type Judged,
  judged,
  offers,
  succeedNow
} from "./Handling.ts"
import { type AttemptLog, CurrentLog } from "./logs/AttemptLog.ts"
import { ExecutorLogs } from "./logs/ExecutorLogs.ts"
import type { RawOutput } from "./logs/RawOutput.ts"
import { afterTurn, foreverInTurns, inTurns } from "./TurnScheduler.ts"
import { whileWaiting } from "./WaitingSubmitter.ts"

/** What an executor is made of. */
export interface Options {
  readonly implementations: ReadonlyArray<Implementation>
  /** What it offers beside its libraries: services, slots, labels. */
  readonly spec: Omit<ExecutorSpec, "libraries">
  /** The services that place tasks here. */
  readonly provides: Context.Context<never>
  /** What handlers that submit tasks do so with. */
  readonly submitter?: Submitter["Service"]
  readonly sealer?: Sealer
  /**
   * Set where payloads and results stay in this process, so that large byte
   * fields travel beside them: `kept` if the payload may be needed again,
   * `owned` if nobody else has it.
   */
  readonly payloads?: "kept" | "owned"
  /** Asked before an attempt is started: false if it was taken back meanwhile, and is nobody's business here. */
  readonly claim?: (attempt: Attempt) => boolean
  /** The standard streams of a thread in which nothing else runs. */
  readonly raw?: RawOutput
}

/** Milliseconds of handlers that end at once, after which others have their turn. */
const slice = 4

interface Running {
  readonly attempt: Attempt
  readonly log: AttemptLog | undefined
  slot: number
  fiber: Fiber.Fiber<void> | undefined
  isReported: boolean
}

type Run = (effect: Effect.Effect<void, never, unknown>, context: Context.Context<never>) => Fiber.Fiber<void>

/** One executor while it serves. */
class Session {
  readonly #options: Options
  readonly #port: ExecutorPort
  readonly #handlingOf: ReturnType<typeof handlings>
  readonly #now: () => number
  readonly #run: Run
  readonly #pumps: Queue.Queue<void>
  readonly #logs: ExecutorLogs
  /** What the executor itself was started with. */
  readonly #base: Context.Context<never>
  readonly #contexts = new Map<Handling, Context.Context<never>>()
  readonly #backlog = new Backlog()
  readonly #running = new Slots<Running>()
  #reports: Array<Report> = []
  /** Attempts whose handlers wait for tasks that they have submitted: they need no slot meanwhile. */
  #waiting = 0
  #isPumping = false
  #isClosed = false
  /** The attempts that run, and one more while some are being started: those that end at once never run otherwise. */
  #active = 0
  #busySince = 0
  #busy = 0
  #ended = 0

  constructor(
    options: Options,
    port: ExecutorPort,
    base: Context.Context<never>,
    run: Run,
    pumps: Queue.Queue<void>,
    later: (run: () => void) => void
  ) {
    const clock = Context.get(base, Clock.Clock)
    this.#base = base
    this.#options = options
    this.#port = port
    this.#handlingOf = handlings(options.implementations, options.provides, options.sealer, options.payloads)
    this.#now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000
    this.#run = run
    this.#pumps = pumps
    const { raw, spec } = options
    const { send, takesOutput = false } = port
    this.#logs = new ExecutorLogs({ send, later, clock, now: this.#now, raw, takesOutput })
    if (raw !== undefined && spec.slots === 1) raw.sole = () => this.#sole
  }

  get load() {
    const busy = this.#busy + (this.#active > 0 ? this.#now() - this.#busySince : 0)
    return { running: this.#running.size, queued: this.#backlog.size, ended: this.#ended, busy }
  }

  apply(commands: ReadonlyArray<ExecutorCommand>): void {
    for (const command of commands) {
      if (command._tag === "Assign") {
        // A resumed one is running here already, or was lost with the session that ran it.
        for (const attempt of command.attempts) if (!attempt.assignment.isResumed) this.#backlog.add(attempt)
      } else if (command._tag === "Recall") this.#giveBack(command.leases)
      else if (command._tag === "Revoke") this.#revoke(command.task, command.epoch, command.kill)
    }
    this.pump()
  }

  /** Starts what there are slots for, for one slice of time. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    const started: Array<Running> = []
    let now = this.#now()
    const { claim, spec: { slots } } = this.#options
    const until = now + slice
    const hasWork = this.#backlog.size > 0
    if (hasWork) this.#enter(now)
    // Asking for the time costs as much as a small handler, so that is done only once in a while, unless they are large.
    let stride = 8
    for (let count = 1; this.#running.size < slots + this.#waiting && !this.#isClosed;) {
      const attempt = this.#backlog.next()
      if (attempt === undefined) break
      if (claim !== undefined && !claim(attempt)) continue
      const running = this.#start(attempt, now)
      if (running !== undefined) started.push(running)
      if (running === undefined && count++ % stride !== 0) continue
      const before = now
      now = this.#now()
      stride = now - before > slice / 8 ? 1 : 8
      if (now < until || this.#backlog.size === 0) continue
      Queue.offerUnsafe(this.#pumps, undefined)
      break
    }
    this.#isPumping = false
    if (hasWork) this.#leave()
    const leases = started.flatMap(({ attempt: { assignment }, isReported }) =>
      isReported ? [] : [{ task: assignment.task, epoch: assignment.epoch }]
    )
    if (leases.length > 0) this.#port.send({ _tag: "started", leases })
    this.#flush()
  }

  /** The server takes care of what ends from now on. */
  close(): void {
    this.#logs.close()
    this.#isClosed = true
  }

  #enter(now: number): void {
    if (this.#active++ === 0) this.#busySince = now
  }

  #leave(): void {
    if (--this.#active === 0) this.#busy += this.#now() - this.#busySince
  }

  #giveBack(leases: ReadonlyArray<LeaseRef>): void {
    const unstarted = leases.filter(({ epoch, task }) => this.#backlog.remove(task, epoch))
    if (unstarted.length > 0) this.#port.send({ _tag: "recalled", leases: unstarted })
  }

  #revoke(task: number, epoch: number, kill: boolean): void {
    const interrupted: Judged = { outcome: { _tag: "Interrupted", by: "the server", cleanly: !kill } }
    if (this.#backlog.remove(task, epoch)) {
      this.#reports.push({ task, epoch, ...interrupted })
      return
    }
    const running = this.#running.values().find(({ attempt: { assignment } }) =>
      assignment.task === task && assignment.epoch === epoch
    )
    if (running === undefined) return
    running.fiber?.interruptUnsafe()
    // A fiber that will not be interrupted cannot be killed either: it is left alone, and its slot used again.
    if (kill) this.#end(running, interrupted, Number.NaN)
  }

  /** Runs a handler that ends at once here and now, any other as a fiber, which is returned. */
  #start(attempt: Attempt, startedAt: number): Running | undefined {
    const log = this.#logs.of(attempt)
    return this.#logs.isTelling
      ? this.#logs.run(log, () => this.#begin(attempt, log, startedAt))
      : this.#begin(attempt, log, startedAt)
  }

  #begin(attempt: Attempt, log: AttemptLog | undefined, startedAt: number): Running | undefined {
    const { batch, epoch, task } = attempt.assignment
    const handling = this.#handlingOf(batch.spec)
    const payload = handling?.decodePayload(attempt)
    let result: Effect.Effect<unknown, unknown, unknown> | undefined
    if (handling !== undefined && payload !== undefined && isValue(payload)) {
      result = call(handling, payload.value)
      const outcome = isValue(result) ? succeedNow(handling, result.value) : undefined
      if (outcome !== undefined) {
        this.#ended++
        log?.end(false)
        this.#reports.push({ task, epoch, startedAt, outcome })
        return undefined
      }
    }
    this.#enter(startedAt)
    const running: Running = { attempt, log, slot: -1, fiber: undefined, isReported: false }
    running.slot = this.#running.add(running)
    if (handling === undefined) {
      const message = `Executor ${this.#options.spec.executorId} has no task ${batch.spec.requirement.taskName}`
      this.#end(running, { outcome: { _tag: "Crashed", defect: { name: "UnknownTask", message } } }, startedAt)
      return undefined
    }
    const scope = Scope.makeUnsafe()
    const ending = result !== undefined
      ? judged(handling, attempt, result, startedAt, scope)
      : Effect.matchEffect(handling.decodePayload(attempt), {
        onFailure: (error) => Effect.succeed(invalidPayload(handling.definition, error)),
        onSuccess: (value) => judged(handling, attempt, call(handling, value), startedAt, scope)
      })
    this.#fork(running, handling, ending, startedAt, scope)
    return running.isReported ? undefined : running
  }

  #fork(
    running: Running,
    handling: Handling,
    judged: Effect.Effect<Judged, never, unknown>,
    startedAt: number,
    scope: Scope.Closeable
  ): void {
    const fiber = this.#run(
      Effect.map(judged, (judged) => this.#end(running, judged, startedAt)),
      this.#context(running, handling, scope)
    )
    running.fiber = fiber
    // An interruption from outside ends the fiber before it can say how.
    fiber.addObserver((exit) => {
      if (running.isReported) return
      const judged: Judged = Exit.isSuccess(exit) || Exit.hasInterrupts(exit)
        ? { outcome: { _tag: "Interrupted", by: "the server", cleanly: true } }
        : { outcome: { _tag: "Crashed", defect: describeDefect(exit.cause) } }
      this.#end(running, judged, startedAt)
    })
  }

  #context({ attempt, log }: Running, handling: Handling, scope: Scope.Scope): Context.Context<never> {
    const { assignment: { epoch, task }, isFollowed } = attempt
    const lease = { task, epoch }
    const { executorId } = this.#options.spec
    const progress = (value: unknown) =>
      isFollowed
        ? Effect.match(handling.encodeProgress(value), {
          onFailure: () => undefined,
          onSuccess: (bytes) => {
            this.#logs.flush()
            this.#port.send({ _tag: "progress", lease, value: bytes.slice() })
          }
          // The handling's context has what the schema needs.
        }) as Effect.Effect<void>
        : Effect.void
    const taskId = this.#port.idOf(task)
    // One copy of the map, where `Context.add` would make one for each service: that took longer than a small handler.
    const context = this.#contextOf(handling)
    const services = new Map((log === undefined ? context : this.#logs.context(context)).mapUnsafe)
    services.set(Scope.Scope.key, scope)
    services.set(TaskContext.key, TaskContext.of({ taskId, attempt: epoch, executor: executorId, progress }))
    const { submitter } = this.#options
    if (submitter !== undefined) {
      services.set(Submitter.key, whileWaiting(submitter, (change) => this.#wait(change)))
    }
    if (log !== undefined) services.set(CurrentLog.key, log)
    return Context.makeUnsafe(services)
  }

  /** All that there is for each attempt at a kind of task. */
  #contextOf(handling: Handling): Context.Context<never> {
    let context = this.#contexts.get(handling)
    if (context === undefined) this.#contexts.set(handling, context = Context.merge(this.#base, handling.context))
    return context
  }

  /** To whom it belongs what nobody's context tells of. */
  get #sole(): AttemptLog | "other" | undefined {
    const [running] = this.#running.size === 1 ? this.#running.values() : []
    if (running === undefined) return undefined
    return running.log?.isWhole === true ? running.log : "other"
  }

  /** A handler begins or ends to wait for tasks of its own: its slot is lent to others. */
  #wait(change: 1 | -1): void {
    this.#waiting += change
    this.#port.send({ _tag: "beat", slots: this.#options.spec.slots + this.#waiting })
    this.pump()
  }

  #end(running: Running, judged: Judged, startedAt: number): void {
    if (running.isReported) return
    running.isReported = true
    running.log?.end(judged.outcome._tag !== "Succeeded")
    const { epoch, task } = running.attempt.assignment
    this.#running.delete(running.slot)
    this.#ended++
    this.#leave()
    if (this.#isClosed) return
    const { outcome, retryAfter } = judged
    this.#reports.push(
      retryAfter === undefined ? { task, epoch, startedAt, outcome } : { task, epoch, startedAt, outcome, retryAfter }
    )
    if (!this.#isPumping) this.pump()
  }

  #flush(): void {
    if (this.#reports.length === 0 || this.#isClosed) return
    const reports = this.#reports
    this.#reports = []
    this.#logs.flush()
    this.#port.send({ _tag: "ended", reports })
  }
}

/** An executor of these implementations. */
export const make = (options: Options): Effect.Effect<Executor["Service"]> =>
  Effect.sync(() => {
    const libraries = offers(options.implementations)
    let session: Session | undefined
    const serve = Effect.fnUntraced(function*(port: ExecutorPort) {
      const base = yield* Effect.context()
      const fibers = yield* FiberSet.make<void>()
      const run: Run = (effect, context) => {
        // The library's types say what a handler needs: it is all there.
        const fiber = Effect.runForkWith(context as Context.Context<unknown>)(effect)
        if (fiber.pollUnsafe() === undefined) FiberSet.addUnsafe(fibers, fiber)
        return fiber
      }
      const pumps = yield* inTurns(Queue.unbounded<void>())
      const current = new Session(options, port, base, run, pumps, yield* afterTurn)
      session = current
      // Runs before the fibers are interrupted: what they do then is not reported any more.
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          port.commands.read(undefined)
          current.close()
        })
      )
      port.commands.read({ take: (commands) => current.apply(commands) })
      const pump = Effect.andThen(
        Effect.andThen(Queue.takeAll(pumps), Effect.yieldNow),
        Effect.sync(() => current.pump())
      )
      yield* Effect.forkScoped(foreverInTurns(pump))
    })
    return Executor.of({
      spec: { ...options.spec, libraries },
      serve,
      load: Effect.sync(() => session?.load ?? { running: 0, queued: 0, ended: 0, busy: 0 })
    })
  })

/** Runs handlers as fibers of this process. */
export const layer = (options: Options): Layer.Layer<Executor> => Layer.effect(Executor, make(options))
