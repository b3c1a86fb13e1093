/**
 * Answers simple peers, that know of nothing but calls.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Exit, Scope } from "effect"
import type { ExecutorPort, Server, SubmitterPort } from "../../services/Server.ts"
import type { Ending, Refusal } from "../../src/dispatch/Command.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { Attempt, ExecutorCommand } from "../../src/protocol/ExecutorPort.ts"
import {
  type ExchangedAttempt,
  ExecutorRpcs,
  SessionLost,
  SubmitterRpcs,
  TasksRefused
} from "../../src/protocol/rpc/ExchangeRpcs.ts"
import type { SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import type { Settled } from "./Limits.ts"
import { Caller, Sessions } from "./Sessions.ts"
import type { Timing } from "./Timing.ts"

interface Answer {
  readonly attempts: ReadonlyArray<ExchangedAttempt>
  readonly revoked: ReadonlyArray<{ readonly task: number; readonly epoch: number; readonly reason: string }>
  readonly isStopping: boolean
}

/** An executor that calls. */
class CallingExecutor extends Caller {
  readonly #port: ExecutorPort
  readonly spec: ExecutorSpec
  #attempts: Array<Attempt> = []
  #revoked: Array<Answer["revoked"][number]> = []
  #isStopping = false
  #answered: { readonly number: number; readonly answer: Deferred.Deferred<Answer> } | undefined

  constructor(port: ExecutorPort, spec: ExecutorSpec) {
    super()
    this.#port = port
    this.spec = spec
    port.commands.read({
      take: (commands) => {
        for (const command of commands) this.#hear(command)
        this.tell()
      }
    })
  }

  get hasNews(): boolean {
    return this.#attempts.length > 0 || this.#revoked.length > 0 || this.#isStopping
  }

  /** The answer of that number, the same however often it is asked for. */
  answer(number: number, make: Effect.Effect<void>, credits: number): Effect.Effect<Answer> {
    if (this.#answered?.number === number) return Deferred.await(this.#answered.answer)
    const answer = Deferred.makeUnsafe<Answer>()
    this.#answered = { number, answer }
    return Effect.andThen(
      make,
      Effect.sync((): Answer => {
        const attempts = this.#attempts.slice(0, credits)
        this.#attempts = this.#attempts.slice(credits)
        const revoked = this.#revoked
        this.#revoked = []
        return { attempts: attempts.map((attempt) => this.#exchanged(attempt)), revoked, isStopping: this.#isStopping }
      })
    ).pipe(Effect.onExit((exit) => Effect.sync(() => Deferred.doneUnsafe(answer, exit))))
  }

  readonly send: ExecutorPort["send"] = (message) => this.#port.send(message)

  #hear(command: ExecutorCommand): void {
    switch (command._tag) {
      case "Assign":
        // Nothing is resumed here: what was lost with its session is begun again.
        return void this.#attempts.push(...command.attempts.filter(({ assignment }) => !assignment.isResumed))
      case "Recall": {
        const isBack = ({ assignment: { epoch, task } }: Attempt) =>
          command.leases.some((lease) => lease.task === task && lease.epoch === epoch)
        const leases = this.#attempts.filter(isBack).map(({ assignment: { epoch, task } }) => ({ task, epoch }))
        this.#attempts = this.#attempts.filter((attempt) => !isBack(attempt))
        if (leases.length > 0) this.#port.send({ _tag: "recalled", leases })
        return
      }
      case "Revoke": {
        const { epoch, reason, task } = command
        const before = this.#attempts.length
        this.#attempts = this.#attempts.filter(({ assignment }) =>
          assignment.task !== task || assignment.epoch !== epoch
        )
        if (this.#attempts.length === before) return void this.#revoked.push({ task, epoch, reason })
        const outcome = { _tag: "Interrupted", by: "the server", cleanly: true } as const
        return this.#port.send({ _tag: "ended", reports: [{ task, epoch, outcome }] })
      }
      case "Stop":
        this.#isStopping = true
    }
  }

  #exchanged({ assignment: { batch: { spec }, epoch, task }, blob, payload }: Attempt): ExchangedAttempt {
    const { library, taskName, version } = spec.requirement
    return {
      task,
      epoch,
      id: this.#port.idOf(task),
      taskName,
      library,
      version,
      encoding: spec.encoding,
      payload: new Uint8Array(payload),
      ...(blob && { blob })
    }
  }
}

interface Result {
  readonly sequence: number
  readonly number: number
  readonly index: number
  readonly id: string
  readonly outcome: Ending["outcome"]
}

/** So many of a submitter's calls are answered again. */
const remembered = 1_024

/** A submitter that calls. */
class CallingSubmitter extends Caller {
  readonly port: SubmitterPort
  #results: Array<Result> = []
  #sequence = 0
  readonly #accepted = new Map<number, Deferred.Deferred<ReadonlyArray<string>, TasksRefused | SessionLost>>()
  readonly #counts = new Map<number, number>()
  #lost: string | undefined
  /** How far the server has told, and up to which result that is. */
  #told: ReadonlyArray<{ readonly through: number; readonly sequence: number }> = []

  constructor(port: SubmitterPort) {
    super()
    this.port = port
    port.notices.read({
      take: (notices) => {
        for (const notice of notices) this.#hear(notice)
        this.tell()
      },
      closed: ({ reason }) => {
        this.#lost = reason
        const lost = Exit.fail(new SessionLost({ reason }))
        for (const accepted of this.#accepted.values()) Deferred.doneUnsafe(accepted, lost)
        this.tell()
      }
    })
  }

  get hasNews(): boolean {
    return this.#results.length > 0 || this.#lost !== undefined
  }

  /** Hands tasks over, unless that was done under this number before. */
  submit(
    number: number,
    count: number,
    hand: () => void
  ): Effect.Effect<ReadonlyArray<string>, TasksRefused | SessionLost> {
    const known = this.#accepted.get(number)
    if (known !== undefined) return Deferred.await(known)
    if (this.#lost !== undefined) return Effect.fail(new SessionLost({ reason: this.#lost }))
    const accepted = Deferred.makeUnsafe<ReadonlyArray<string>, TasksRefused | SessionLost>()
    this.#accepted.set(number, accepted)
    // Who has gone on that far has had the answer.
    const [oldest] = this.#accepted.keys()
    if (this.#accepted.size > remembered && oldest !== undefined) {
      this.#accepted.delete(oldest)
      this.#counts.delete(oldest)
    }
    this.#counts.set(number, count)
    hand()
    return Deferred.await(accepted)
  }

  /** What comes after that; what comes before is forgotten. */
  results(after: number, limit: number): Effect.Effect<ReadonlyArray<Result>, SessionLost> {
    this.#results = this.#results.filter(({ sequence }) => sequence > after)
    // The server need not tell again what has been fetched, and goes on telling then.
    const told = this.#told.findLast(({ sequence }) => sequence <= after)
    if (told !== undefined) {
      this.#told = this.#told.filter(({ sequence }) => sequence > after)
      this.port.send({ _tag: "acknowledged", through: told.through })
    }
    if (this.#results.length === 0 && this.#lost !== undefined) {
      return Effect.fail(new SessionLost({ reason: this.#lost }))
    }
    return Effect.succeed(this.#results.slice(0, limit))
  }

  #hear(notice: SubmitterNotice): void {
    if (notice._tag === "Accepted") {
      const count = this.#counts.get(notice.request) ?? 0
      const first = notice.first[0] ?? 0
      const ids = Array.from({ length: count }, (_, index) => this.port.idOf(first + index))
      this.#settle(notice.request, Exit.succeed(ids))
    } else if (notice._tag === "Refused") {
      this.#settle(notice.request, Exit.fail(new TasksRefused({ reason: reasonOf(notice.reason) })))
    } else if (notice._tag === "Ended") {
      for (const { count, index, outcome, request, task } of notice.endings) {
        for (let offset = 0; offset < count; offset++) {
          const id = this.port.idOf(task + offset)
          this.#results.push({ sequence: ++this.#sequence, number: request, index: index + offset, id, outcome })
        }
      }
      if (notice.sequence !== undefined) {
        this.#told = [...this.#told, { through: notice.sequence, sequence: this.#sequence }]
      }
    }
  }

  #settle(number: number, exit: Exit.Exit<ReadonlyArray<string>, TasksRefused>): void {
    const accepted = this.#accepted.get(number)
    if (accepted !== undefined) Deferred.doneUnsafe(accepted, exit)
  }
}

const reasonOf = (reason: Refusal): string => {
  switch (reason._tag) {
    case "Draining":
      return "the server is being stopped"
    case "Full":
      return reason.reason
    case "Unmet":
      return `no executor can run them: ${reason.missing.join("; ")}`
    default:
      return reason._tag
  }
}

/** Handlers of the calls of simple peers; `dispose` when nobody is answered any more. */
export const make = (
  server: Server["Service"],
  timing: Timing,
  { sessionTime, sessions }: Settled,
  run: (effect: Effect.Effect<void>) => void
) => {
  const executors = new Sessions<CallingExecutor>(timing, sessionTime, sessions, run)
  const submitters = new Sessions<CallingSubmitter>(timing, sessionTime, sessions, run)
  /** The scope is the session's own, from the beginning. */
  const begun = <C extends Caller, P>(port: Effect.Effect<P, never, Scope.Scope>, caller: (port: P) => C) => {
    const scope = Scope.makeUnsafe()
    return Effect.map(Scope.provide(port, scope), (port) => {
      const made = caller(port)
      run(Scope.addFinalizerExit(made.scope, (exit) => Scope.close(scope, exit)))
      return made
    })
  }
  const executorHandlers = ExecutorRpcs.toLayer({
    "executor.exchange": ({ credits, ended, executor, number, session, started, wait }) =>
      executors.with(
        session,
        () =>
          executor &&
          begun(server.attach({ ...executor, heartbeat: true }), (port) => new CallingExecutor(port, executor)),
        (caller) => {
          const exchange = Effect.suspend(() => {
            caller.send({ _tag: "beat" })
            if (started.length > 0) caller.send({ _tag: "started", leases: started })
            if (ended.length > 0) caller.send({ _tag: "ended", reports: ended })
            return caller.news(timing, wait)
          })
          return caller.answer(number, exchange, credits)
        }
      ),
    "executor.leave": ({ session }) => executors.leave(session)
  })
  const submitterHandlers = SubmitterRpcs.toLayer({
    "submitter.submit": ({ name, number, payloads, session, ...task }) =>
      Effect.map(
        submitters.with(
          session,
          () => name === undefined ? undefined : begun(server.connect(name), (port) => new CallingSubmitter(port)),
          (caller) => caller.submit(number, payloads.length, () => caller.port.send(submission(number, payloads, task)))
        ),
        (ids) => ({ ids })
      ),
    "submitter.fetch": ({ after, limit, session, wait }) =>
      Effect.map(
        submitters.with(session, undefined, (caller) =>
          Effect.flatMap(caller.results(after, limit), (results) =>
            results.length > 0
              ? Effect.succeed(results)
              : Effect.andThen(
                caller.news(timing, wait),
                Effect.suspend(() =>
                  caller.results(after, limit)
                )
              ))),
        (results) => ({ results })
      ),
    "submitter.leave": ({ session }) => submitters.leave(session)
  })
  return {
    handlers: [executorHandlers, submitterHandlers] as const,
    dispose: () => {
      executors.dispose()
      submitters.dispose()
    }
  }
}

interface Kind {
  readonly taskName: string
  readonly library: string
  readonly version: string
  readonly fingerprint: string
  readonly encoding: "binary" | "json" | "raw"
  readonly priority?: number
  readonly labels?: ReadonlyArray<string>
  readonly isPatient: boolean
}

const submission = (
  number: number,
  pieces: ReadonlyArray<Uint8Array>,
  { encoding, isPatient, labels = [], priority = 0, ...requirement }: Kind
) => ({
  _tag: "submit",
  request: number,
  submission: `set ${number}`,
  entries: [{
    entry: {
      kind: "list",
      count: pieces.length,
      spec: {
        requirement: { ...requirement, services: [], labels },
        encoding,
        delivery: "atLeastOnce",
        grace: 5_000,
        limits: []
      },
      priority
    },
    payloads: { _tag: "Pieces", pieces },
    isFollowed: false
  }],
  whenUnmet: isPatient ? "wait" : "fail",
  isOpen: false,
  isWatched: false
} as const)
