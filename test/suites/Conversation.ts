/**
 * A server's side of the talk with an executor, spoken by hand.
 */
import { Effect, Exit, type Schema, Scope } from "effect"
import { afterTurn } from "../../layers/TurnScheduler.ts"
import { Executor } from "../../services/Executor.ts"
import type { ExecutorPort } from "../../services/Server.ts"
import type { TaskLibrary } from "../../services/TaskLibrary.ts"
import type { LeaseRef, Report } from "../../src/dispatch/Event.ts"
import type { Attempt, ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import { restSchema } from "../../src/task/Reference.ts"
import { type TaskDefinition, toSpec } from "../../src/task/TaskDefinition.ts"
import { Suite } from "./Tasks.ts"

/** Nothing in the suite's schemas takes time or needs a service. */
const now = <A, E>(effect: Effect.Effect<A, E, unknown>): A => Effect.runSync(effect as Effect.Effect<A, E>)

export const textOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What bytes of a schema say. */
export const bytesOf = (schema: Schema.Top, bytes: Uint8Array): unknown =>
  now(PayloadCodec.make(schema, "binary").decode(bytes))

/** What a task has succeeded with. */
export const valueOf = (task: TaskDefinition.Any, outcome: Outcome | undefined): unknown =>
  outcome?._tag === "Succeeded" ? bytesOf(task.success, outcome.value.bytes) : outcome

/** How an attempt differs from the first, unfollowed attempt at the task of that position. */
export interface AttemptOptions {
  readonly task: number
  readonly epoch?: number
  readonly priority?: number
  readonly isFollowed?: boolean
  /** Fields of the payload that are not in it. */
  readonly without?: ReadonlyArray<string>
}

/** Bytes of a payload, of which some fields may be left out. */
export const payloadOf = (
  task: TaskDefinition.Any,
  payload: unknown,
  without: ReadonlyArray<string> = []
): Uint8Array =>
  new Uint8Array(now(
    PayloadCodec.make(without.length === 0 ? task.payload : restSchema(task.payload, without), "binary").encode(payload)
  ))

/** How a server knows a task of the suite. */
export const specOf = (task: TaskDefinition.Any, { encoding, name, version }: TaskLibrary.Any = Suite) =>
  toSpec(task, { libraryName: name, version, encoding })

export class Conversation {
  readonly messages: Array<ExecutorMessage> = []
  readonly #commands: TurnQueue<ExecutorCommand>
  readonly #scope: Scope.Closeable
  #check: (() => void) | undefined

  private constructor(commands: TurnQueue<ExecutorCommand>, scope: Scope.Closeable) {
    this.#commands = commands
    this.#scope = scope
  }

  /** Lets the executor serve until the scope is left. */
  static readonly begin = Effect.suspend(() => Conversation.beginWith({}))

  /** The same with a server that wants more. */
  static readonly beginWith = Effect.fnUntraced(function*(port: Pick<ExecutorPort, "takesOutput">) {
    const executor = yield* Executor
    const scope = yield* Scope.fork(yield* Effect.scope)
    const commands = new TurnQueue<ExecutorCommand>(yield* afterTurn)
    const conversation = new Conversation(commands, scope)
    const send = (message: ExecutorMessage) => conversation.#hear(message)
    yield* Scope.provide(executor.serve({ ...port, commands, send, idOf: (task) => `0.1.${task}` }), scope)
    return conversation
  })

  #hear(message: ExecutorMessage): void {
    this.messages.push(message)
    this.#check?.()
  }

  say(command: ExecutorCommand): void {
    this.#commands.offer(command)
  }

  assign(...attempts: ReadonlyArray<Attempt>): void {
    this.say({ _tag: "Assign", attempts })
  }

  /** An attempt at a task of the suite's library, or of that one. */
  attempt(
    task: TaskDefinition.Any,
    payload: unknown,
    options: AttemptOptions,
    library: TaskLibrary.Any = Suite
  ): Attempt {
    const { epoch = 1, isFollowed = false, priority = 0, task: position, without = [] } = options
    const batch = {
      source: 0,
      submitter: "suite",
      submission: "suite/1",
      request: 0,
      entry: 0,
      spec: specOf(task, library),
      priority,
      deadline: undefined,
      trace: undefined
    }
    return {
      assignment: {
        task: position,
        epoch,
        retries: epoch - 1,
        index: position,
        batch,
        refs: undefined,
        isResumed: false
      },
      payload: payloadOf(task, payload, without),
      refFields: undefined,
      isFollowed
    }
  }

  /** All reports, once there are so many. */
  reports(count: number): Effect.Effect<ReadonlyArray<Report>> {
    const all = () => this.messages.flatMap((message) => message._tag === "ended" ? message.reports : [])
    return Effect.andThen(this.seen(() => all().length >= count), Effect.sync(all))
  }

  /** Done once that is so, of what it has heard. */
  seen(isSo: () => boolean): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const check = () => {
        if (isSo()) resume(Effect.void)
      }
      this.#check = check
      check()
    })
  }

  started(): ReadonlyArray<number> {
    return this.messages.flatMap((message) => message._tag === "started" ? message.leases.map(({ task }) => task) : [])
  }

  recalled(): ReadonlyArray<number> {
    return this.messages.flatMap((message) => message._tag === "recalled" ? message.leases.map(({ task }) => task) : [])
  }

  /** What attempts wrote, in order. */
  lines(): ReadonlyArray<{ readonly lease: LeaseRef; readonly line: LogLine }> {
    return this.messages.flatMap((message) => {
      if (message._tag === "logs") return message.entries
      return message._tag === "log" ? [message] : []
    })
  }

  get leave(): Effect.Effect<void> {
    return Scope.close(this.#scope, Exit.void)
  }
}
