/**
 * Submitters and executors as a server meets them, played by hand.
 */
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import { Server } from "../../services/Server.ts"
import type { Counts, Ending, Notice, Refusal, Transition } from "../../src/dispatch/Command.ts"
import type { Entry, ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import type { Submitted, SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import type { TaskSpec } from "../../src/task/TaskSpec.ts"

/** A kind of task that every executor here can run. */
export const kind = (
  options: Partial<Omit<TaskSpec, "requirement">> & { readonly requirement?: Partial<TaskSpec["requirement"]> } = {}
): TaskSpec => ({
  encoding: "raw",
  delivery: "atLeastOnce",
  grace: 5_000,
  limits: [],
  ...options,
  requirement: {
    library: "raw",
    version: "1",
    fingerprint: "f",
    taskName: "Task",
    services: [],
    labels: [],
    ...options.requirement
  }
})

export const success = (byte: number): Outcome => ({
  _tag: "Succeeded",
  value: { encoding: "raw", bytes: Uint8Array.of(byte) }
})

/** What a submitter hands over: so many tasks, payload `i` is the byte `i`. */
export const tasks = (count: number, options: Partial<Entry> = {}): Submitted => ({
  entry: { kind: "list", count, spec: kind(), priority: 0, ...options },
  payloads: { _tag: "Pieces", pieces: Array.from({ length: count }, (_, index) => Uint8Array.of(index)) },
  isFollowed: false
})

/** A submitter. */
export class Desk {
  readonly notices: Array<SubmitterNotice> = []
  readonly send: (message: SubmitterMessage) => void
  readonly positionOf: (taskId: string) => number | undefined
  readonly idOf: (task: number) => string
  readonly leave: Effect.Effect<void>
  #requests = 0

  private constructor(port: Pick<Desk, "send" | "idOf" | "positionOf">, leave: Effect.Effect<void>) {
    this.send = port.send
    this.idOf = port.idOf
    this.positionOf = port.positionOf
    this.leave = leave
  }

  static readonly open = Effect.fnUntraced(function*(name: string) {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const port = yield* Scope.provide(Effect.flatMap(Server, ({ connect }) => connect(name)), scope)
    const desk = new Desk(port, Scope.close(scope, Exit.void))
    port.notices.read({ take: (notices) => desk.notices.push(...notices) })
    return desk
  })

  /** Hands over entries as one submission. */
  submit(
    entries: ReadonlyArray<Submitted>,
    options: Partial<Extract<SubmitterMessage, { readonly _tag: "submit" }>> = {}
  ): number {
    const request = this.#requests++
    const submission = `set ${request}`
    this.send({
      _tag: "submit",
      request,
      submission,
      entries,
      whenUnmet: "fail",
      isOpen: false,
      isWatched: false,
      ...options
    })
    return request
  }

  get endings(): ReadonlyArray<Ending> {
    return this.notices.flatMap((notice) => notice._tag === "Ended" ? notice.endings : [])
  }

  /** The outcomes by index, `undefined` where there is none yet. */
  outcomes(count: number): ReadonlyArray<string | undefined> {
    const seen: Array<string | undefined> = Array.from({ length: count })
    for (const { count, index, outcome } of this.endings) seen.fill(outcome._tag, index, index + count)
    return seen
  }

  get refusals(): ReadonlyArray<Refusal> {
    return this.notices.flatMap((notice) => notice._tag === "Refused" ? [notice.reason] : [])
  }

  get accepted(): ReadonlyArray<Extract<Notice, { readonly _tag: "Accepted" }>> {
    return this.notices.flatMap((notice) => notice._tag === "Accepted" ? [notice] : [])
  }

  get progress(): ReadonlyArray<Counts> {
    return this.notices.flatMap((notice) => notice._tag === "Progress" ? [notice.counts] : [])
  }
}

/** An executor. */
export class Hand {
  readonly commands: Array<ExecutorCommand> = []
  readonly send: (message: ExecutorMessage) => void
  /** Leaves, as whoever has done so, or died of that. */
  readonly leave: (reason?: string) => Effect.Effect<void>

  private constructor(send: (message: ExecutorMessage) => void, leave: (reason?: string) => Effect.Effect<void>) {
    this.send = send
    this.leave = leave
  }

  static readonly join = Effect.fnUntraced(function*(name: string, options: Partial<ExecutorSpec> = {}) {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const spec: ExecutorSpec = {
      executorId: ExecutorId.make(name),
      node: { nodeId: NodeId.make(name) },
      slots: 2,
      prefetch: 0,
      libraries: [{ name: "raw", version: "1", tasks: { Task: "f", Other: "f" } }],
      services: [],
      labels: [],
      heartbeat: false,
      ...options
    }
    const port = yield* Scope.provide(Effect.flatMap(Server, ({ attach }) => attach(spec)), scope)
    const hand = new Hand(
      port.send,
      (reason) => Scope.close(scope, reason === undefined ? Exit.void : Exit.fail(new ConnectionLost({ reason })))
    )
    port.commands.read({ take: (commands) => hand.commands.push(...commands) })
    return hand
  })

  get attempts(): ReadonlyArray<Attempt> {
    return this.commands.flatMap((command) => command._tag === "Assign" ? command.attempts : [])
  }

  /** What it was given, as `<index>/<epoch>`. */
  get given(): ReadonlyArray<string> {
    return this.attempts.map(({ assignment: { epoch, index } }) => `${index}/${epoch}`)
  }

  get revoked(): ReadonlyArray<Extract<ExecutorCommand, { readonly _tag: "Revoke" }>> {
    return this.commands.flatMap((command) => command._tag === "Revoke" ? [command] : [])
  }

  get recalled(): ReadonlyArray<number> {
    return this.commands.flatMap((command) => command._tag === "Recall" ? command.leases.map(({ task }) => task) : [])
  }

  start(task: number, epoch = 1): void {
    this.send({ _tag: "started", leases: [{ task, epoch }] })
  }

  end(task: number, outcome: Outcome = success(task), epoch = 1, retryAfter?: number): void {
    const report = { task, epoch, outcome, hash: 1, ...(retryAfter !== undefined && { retryAfter }) }
    this.send({ _tag: "ended", reports: [report] })
  }
}

/** Everything that is recorded from now on. */
export const recording = Effect.gen(function*() {
  const records: Array<Transition> = []
  const { records: stream } = yield* Server
  const follow = Stream.runForEach(stream(), (record) => Effect.sync(() => records.push(record)))
  const fiber = yield* Effect.forkScoped(follow, { startImmediately: true })
  return { records, end: Fiber.interrupt(fiber) }
})
