/**
 * A set of tasks that was handed over together, as its submitter follows it.
 *
 * @since 0.1.0
 */
import { type Cause, type Context, Effect, Exit, Queue, Stream } from "effect"
import type { Submission } from "../../services/Submitter.ts"
import type { Counts, Ending } from "../../src/dispatch/Command.ts"
import { isValue } from "../../src/task/Immediate.ts"
import type { TaskDefinition } from "../../src/task/TaskDefinition.ts"
import type { ConnectionLost } from "../../src/task/TaskError.ts"
import type { Connection } from "./Connection.ts"
import { type AnyOutcome, decodeOutcome } from "./Decoding.ts"
import type { Known } from "./Registry.ts"
import { Waiters } from "./Waiters.ts"

/** A set of some task's; whoever has the task knows its types. */
export interface AnySubmission extends Omit<Submission<TaskDefinition.Any>, "outcomes" | "awaitAll"> {
  readonly outcomes: Stream.Stream<AnyOutcome, ConnectionLost>
  readonly awaitAll: Effect.Effect<ReadonlyArray<AnyOutcome>, ConnectionLost>
}

/** Keeps the outcomes of the set until the scope that owns it is left. */
export class SubmissionSet {
  readonly #connection: Connection
  readonly #known: Known
  readonly #payloads: ReadonlyArray<unknown>
  readonly id: string
  /** As they ended; decoded when they are read. */
  readonly #endings: Array<Effect.Effect<AnyOutcome>> = []
  readonly #byIndex: Array<Effect.Effect<AnyOutcome>> = []
  readonly #context: Context.Context<unknown>
  readonly #waiters: Waiters
  readonly #feeds = new Set<Queue.Queue<Counts, Cause.Done>>()
  #counts: Counts
  #isEnded = false
  /** Of those that it was told of. */
  readonly #tally = { succeeded: 0, failed: 0, cancelled: 0 }
  #lost: ConnectionLost | undefined

  /** `context` is what the task's schemas need to be decoded with. */
  constructor(
    connection: Connection,
    known: Known,
    id: string,
    payloads: ReadonlyArray<unknown>,
    context: Context.Context<unknown>
  ) {
    this.#context = context
    this.#connection = connection
    this.#waiters = new Waiters(connection.later)
    this.#known = known
    this.#payloads = payloads
    this.id = id
    const total = payloads.length
    this.#counts = { total, queued: total, running: 0, succeeded: 0, failed: 0, cancelled: 0 }
    connection.watch(id, (counts, isEnded) => this.#progressed(counts, isEnded))
  }

  #progressed(counts: Counts, isEnded: boolean): void {
    if (this.#isEnded) return
    this.#counts = counts
    this.#isEnded = isEnded
    for (const feed of this.#feeds) {
      Queue.offerUnsafe(feed, counts)
      if (isEnded) Queue.endUnsafe(feed)
    }
    this.#waiters.wake()
  }

  ended(ending: Ending): void {
    const { count, outcome: { _tag } } = ending
    if (_tag === "Succeeded") this.#tally.succeeded += count
    else if (_tag === "Interrupted") this.#tally.cancelled += count
    else this.#tally.failed += count
    const { port: { idOf }, wallOffset } = this.#connection
    for (let offset = 0; offset < ending.count; offset++) {
      const index = ending.index + offset
      const task = { outcome: ending.outcome, task: ending.task + offset }
      const decoded = decodeOutcome(this.#known, task, index, this.#payloads[index], idOf, wallOffset)
      const outcome = isValue(decoded) ? Exit.succeed(decoded.value) : Effect.provideContext(decoded, this.#context)
      this.#endings.push(outcome)
      this.#byIndex[index] = outcome
    }
  }

  /** What has not ended by now will not be heard of. */
  lost(error: ConnectionLost): void {
    this.#lost = error
    this.#isEnded = true
    for (const feed of this.#feeds) Queue.endUnsafe(feed)
    this.#waiters.wake()
  }

  /** After the endings that came together. */
  readonly endedAll = (): void => {
    const { length: total } = this.#payloads
    // A server that was started again tells how tasks ended, and not again how far the submission was.
    if (this.#endings.length === total) this.#progressed({ total, queued: 0, running: 0, ...this.#tally }, true)
    this.#waiters.wake()
  }

  #until(isDone: () => boolean): Effect.Effect<void, ConnectionLost> {
    return Effect.flatMap(
      this.#waiters.until(() => isDone() || this.#lost !== undefined),
      () => this.#lost === undefined || isDone() ? Effect.void : Effect.fail(this.#lost)
    )
  }

  readonly cancel: Effect.Effect<Counts> = Effect.suspend(() => {
    if (!this.#isEnded) this.#connection.cancel({ submission: this.id }, "its submitter")
    return Effect.map(Effect.ignore(this.#until(() => this.#isEnded)), () => this.#counts)
  })

  get submission(): AnySubmission {
    const size = this.#payloads.length
    const outcomes = Stream.unwrap(Effect.sync(() => {
      let read = 0
      const pull = Effect.flatMap(this.#until(() => this.#endings.length > read || read === size), () => {
        if (read === size) return Effect.succeed<ReadonlyArray<AnyOutcome>>([])
        const next = this.#endings.slice(read, read + 1_024)
        read += next.length
        return Effect.forEach(next, (outcome) => outcome)
      })
      return Stream.fromIterableEffectRepeat(pull).pipe(Stream.take(size))
    }))
    return {
      id: this.id,
      size,
      outcomes,
      awaitAll: Effect.flatMap(
        this.#until(() => this.#endings.length === size),
        () => Effect.forEach(this.#byIndex, (outcome) => outcome)
      ),
      progress: Stream.unwrap(Effect.gen({ self: this }, function*() {
        const feed = yield* Queue.sliding<Counts, Cause.Done>(1)
        Queue.offerUnsafe(feed, this.#counts)
        if (this.#isEnded) Queue.endUnsafe(feed)
        else {
          this.#feeds.add(feed)
          yield* Effect.addFinalizer(() => Effect.sync(() => this.#feeds.delete(feed)))
        }
        return Stream.fromQueue(feed)
      })),
      cancel: this.cancel
    }
  }
}
