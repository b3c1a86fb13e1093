/**
 * A task that was handed over, as its submitter follows it.
 *
 * @since 0.1.0
 */
import { type Cause, type Context, Effect, Option, Queue, Stream } from "effect"
import type { TaskHandle } from "../../services/TaskHandle.ts"
import type { Ending } from "../../src/dispatch/Command.ts"
import { isValue } from "../../src/task/Immediate.ts"
import type { LogLine } from "../../src/task/LogLine.ts"
import type { ConnectionLost } from "../../src/task/TaskError.ts"
import type { Connection } from "./Connection.ts"
import { type AnyOutcome, decodeOutcome, exitOf } from "./Decoding.ts"
import type { Known } from "./Registry.ts"
import { Waiters } from "./Waiters.ts"

/** A handle on some task; whoever has the task knows its types. */
export type AnyHandle = TaskHandle<unknown, unknown, unknown>

/** How many lines of a task's log are kept for who comes late. */
const kept = 256

type Feed<A> = Queue.Queue<A, Cause.Done>

/** One task, from its acceptance to the end of the scope that owns it. */
export class Following {
  readonly #connection: Connection
  readonly #known: Known
  readonly #payload: unknown
  readonly #waiters: Waiters
  readonly #progress = new Set<Feed<unknown>>()
  readonly #logs = new Set<Feed<LogLine>>()
  readonly #lines: Array<LogLine> = []
  /** Its position; and that of the task it stands for, which under an idempotency key may be an earlier one. */
  #position = -1
  #task = -1
  readonly #context: Context.Context<unknown>
  #end: Effect.Effect<AnyOutcome, ConnectionLost> | undefined

  /** `context` is what the task's schemas need to be decoded with. */
  constructor(connection: Connection, known: Known, payload: unknown, context: Context.Context<unknown>) {
    this.#context = context
    this.#connection = connection
    this.#waiters = new Waiters(connection.later)
    this.#known = known
    this.#payload = payload
  }

  get position(): number {
    return this.#position
  }

  accepted(position: number, task = position): void {
    this.#position = position
    this.#task = task
  }

  ended(ending: Ending): void {
    const { port: { idOf }, wallOffset } = this.#connection
    const outcome = decodeOutcome(this.#known, ending, 0, this.#payload, idOf, wallOffset)
    this.#settle(Effect.provideContext(outcome, this.#context))
  }

  lost(error: ConnectionLost): void {
    if (this.#end === undefined) this.#settle(Effect.fail(error))
  }

  #settle(end: Effect.Effect<AnyOutcome, ConnectionLost>): void {
    this.#end = end
    for (const feed of [...this.#progress, ...this.#logs]) Queue.endUnsafe(feed)
    this.#waiters.wake()
  }

  /** What the handler reported; a reader that is slow misses all but the newest. */
  reported(value: Uint8Array): void {
    const decoded = this.#known.decodeProgress(value)
    if (!isValue(decoded)) return
    for (const feed of this.#progress) Queue.offerUnsafe(feed, decoded.value)
  }

  logged(line: LogLine): void {
    if (this.#lines.length === kept) this.#lines.shift()
    this.#lines.push(line)
    for (const feed of this.#logs) Queue.offerUnsafe(feed, line)
  }

  /** Done when the task has ended. */
  readonly settled: Effect.Effect<void> = Effect.suspend(() => this.#waiters.until(() => this.#end !== undefined))

  /** No more is wanted of it: ends it unless others share it, and waits until that is so. */
  release(by: string): Effect.Effect<void> {
    return this.#cancel(() => this.#position, by)
  }

  #cancel(task: () => number, by: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#end !== undefined) return Effect.void
      this.#connection.cancel({ task: task() }, by)
      return this.settled
    })
  }

  get handle(): AnyHandle {
    const { definition: { name, success }, encoding } = this.#known
    const id = this.#connection.port.idOf(this.#task)
    const outcome = Effect.suspend(() => this.#end ?? Effect.die(new Error(`Task ${id} has not ended`)))
    return {
      id,
      taskName: name,
      source: { taskId: id, taskName: name, success, encoding },
      await: Effect.andThen(this.settled, Effect.flatMap(outcome, exitOf)),
      poll: Effect.suspend(() =>
        this.#end === undefined
          ? Effect.succeedNone
          : Effect.map(Effect.exit(Effect.flatMap(outcome, exitOf)), Option.some)
      ),
      interrupt: Effect.suspend(() =>
        this.#end === undefined
          ? Effect.andThen(
            this.#cancel(() => this.#task, "its submitter"),
            Effect.match(outcome, { onSuccess: ({ _tag }) => _tag === "Interrupted", onFailure: () => false })
          )
          : Effect.succeed(false)
      ),
      progress: this.#feed(this.#progress, () => []),
      logs: this.#feed(this.#logs, () => this.#lines)
    }
  }

  #feed<A>(feeds: Set<Feed<A>>, before: () => ReadonlyArray<A>): Stream.Stream<A> {
    return Stream.unwrap(Effect.gen({ self: this }, function*() {
      const feed: Feed<A> = yield* Queue.sliding<A, Cause.Done>(kept)
      Queue.offerAllUnsafe(feed, before())
      if (this.#end !== undefined) Queue.endUnsafe(feed)
      else {
        feeds.add(feed)
        yield* Effect.addFinalizer(() => Effect.sync(() => feeds.delete(feed)))
      }
      return Stream.fromQueue(feed)
    }))
  }
}
