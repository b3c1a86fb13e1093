/**
 * Many tasks, no faster than they end and their outcomes are read: payloads are
 * taken from their source as there is room, so that a million of them never sit
 * in memory.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Exit, Pull, Stream } from "effect"
import type { RunAllOptions } from "../../services/Submitter.ts"
import type { Dependency, Trace } from "../../src/dispatch/Event.ts"
import { isValue } from "../../src/task/Immediate.ts"
import { hashPayload } from "../../src/task/PayloadHash.ts"
import { idempotencyKey } from "../../src/task/TaskDefinition.ts"
import { PayloadInvalid, type SubmitError } from "../../src/task/TaskError.ts"
import type { Connection } from "./Connection.ts"
import { type AnyOutcome, decodeNow, decodeOutcome } from "./Decoding.ts"
import { type Known, type Registry, timing } from "./Registry.ts"
import { Waiters } from "./Waiters.ts"

/** How many tasks are under way where nothing else is said. */
const defaultConcurrency = 1_024

/** An outcome, or what decodes to one. */
type Readable = AnyOutcome | Effect.Effect<AnyOutcome, never, unknown>

/** The state of one stream of outcomes. */
class Flow {
  readonly #connection: Connection
  readonly #registry: Registry
  readonly #known: Known
  readonly #options: RunAllOptions
  readonly #after: ReadonlyArray<Dependency>
  readonly #trace: Trace | undefined
  readonly #concurrency: number
  readonly submission: string
  /** Ended and not read yet: as they ended, or by index from `#read` on. */
  #ready: Array<Readable> = []
  readonly #held = new Map<number, Readable>()
  /** Some of what is ready takes time to decode. */
  #hasSlow = false
  #submitted = 0
  #ended = 0
  #read = 0
  #isInputDone = false
  #failure: Cause.Cause<unknown> | undefined
  #lastly: Cause.Cause<unknown> | undefined
  /** The reader, the feeder and the one who waits for the end of a cancelled flow. */
  readonly #waiters: Waiters

  constructor(
    connection: Connection,
    registry: Registry,
    known: Known,
    options: RunAllOptions,
    after: ReadonlyArray<Dependency>,
    trace: Trace | undefined
  ) {
    this.#connection = connection
    this.#waiters = new Waiters(connection.later)
    this.#registry = registry
    this.#known = known
    this.#options = options
    this.#after = after
    this.#trace = trace
    this.#concurrency = Math.max(1, Math.floor(options.concurrency ?? defaultConcurrency) || 1)
    this.submission = connection.submissionId()
  }

  /** How many more may be handed over now. */
  get room(): number {
    return this.#concurrency - (this.#submitted - this.#read)
  }

  get isFailed(): boolean {
    return this.#failure !== undefined || this.#lastly !== undefined
  }

  /** There is room, or nothing more is to be handed over. */
  readonly hasRoom: Effect.Effect<void> = Effect.suspend(() =>
    this.#waiters.until(() => this.room > 0 || this.isFailed)
  )

  /** Nothing more is handed over; what has been is still read before the failure. */
  failLast(cause: Cause.Cause<unknown>): void {
    this.#lastly ??= cause
    this.#waiters.wake()
  }

  fail(cause: Cause.Cause<unknown>): void {
    this.#failure ??= cause
    this.#waiters.wake()
  }

  inputDone(): void {
    this.#isInputDone = true
    this.#connection.port.send({ _tag: "close", submission: this.submission })
    this.#waiters.wake()
  }

  /** Hands over some payloads, no more than there is room for. */
  submit(payloads: ReadonlyArray<unknown>): Effect.Effect<void, never, unknown> {
    const first = this.#submitted
    this.#submitted += payloads.length
    const pieces: Array<Uint8Array> = []
    for (const payload of payloads) {
      const encoded = this.#known.encodePayload(payload)
      if (!isValue(encoded)) return this.#submitSlowly(first, payloads)
      pieces.push(encoded.value)
    }
    this.#send(first, payloads, pieces)
    return Effect.void
  }

  /** Where encoding takes time, or fails: those before the bad one are run, and the error names it. */
  #submitSlowly(first: number, payloads: ReadonlyArray<unknown>): Effect.Effect<void, never, unknown> {
    const pieces: Array<Uint8Array> = []
    const encode = (payload: unknown) =>
      Effect.map(this.#known.encodePayload(payload), (piece) => void pieces.push(piece))
    const taskName = this.#known.definition.name
    let isCounted = false
    const counted = (count: number) => {
      isCounted = true
      this.#submitted = first + count
      if (count > 0) this.#send(first, payloads.slice(0, count), pieces)
    }
    return Effect.match(Effect.forEach(payloads, encode, { discard: true }), {
      onSuccess: () => counted(payloads.length),
      onFailure: ({ message }) => {
        counted(pieces.length)
        this.failLast(Cause.fail(new PayloadInvalid({ taskName, issue: message, index: first + pieces.length })))
      }
    }).pipe(
      // Whoever waits for the end of what was handed over must not wait for these.
      Effect.onInterrupt(() => Effect.sync(() => isCounted || counted(0)))
    )
  }

  #send(first: number, payloads: ReadonlyArray<unknown>, pieces: ReadonlyArray<Uint8Array>): void {
    const { definition } = this.#known
    const { onDependencyFailure, onLog, priority, session, whenUnmet } = this.#options
    const keys = payloads.flatMap((payload) => idempotencyKey(definition, payload) ?? [])
    const entry = {
      kind: "list",
      count: payloads.length,
      spec: this.#registry.specOf(this.#known, this.#options),
      priority: priority ?? definition.priority,
      ...timing(this.#known, this.#options),
      ...(this.#after.length > 0 && { after: this.#after }),
      ...(onDependencyFailure && { onDependencyFailure }),
      ...(session !== undefined && { session }),
      ...(keys.length > 0 && { keys, hashes: pieces.map(hashPayload) }),
      ...(this.#trace && { trace: this.#trace })
    } as const
    const { idOf } = this.#connection.port
    this.#connection.submit([{ entry, payloads: { _tag: "Pieces", pieces }, isFollowed: onLog !== undefined }], {
      submission: this.submission,
      whenUnmet: whenUnmet ?? "fail",
      isOpen: true
    }, {
      names: [definition.name],
      accepted: () => undefined,
      refused: (error: SubmitError) => {
        this.#submitted -= payloads.length
        this.fail(Cause.fail(error))
      },
      lost: (error) => {
        this.#submitted = this.#ended
        this.fail(Cause.fail(error))
      },
      ended: (ending) => {
        for (let offset = 0; offset < ending.count; offset++) {
          const index = ending.index + offset
          const task = ending.count === 1 ? ending : { outcome: ending.outcome, task: ending.task + offset }
          const payload = payloads[index]
          const known = this.#known
          this.#keep(
            first + index,
            decodeNow(known, task, first + index, payload, idOf) ??
              this.#decode(() => decodeOutcome(known, task, first + index, payload, idOf, this.#connection.wallOffset))
          )
        }
      },
      endedAll: () => this.#waiters.wake(),
      ...(onLog && { log: (_entry, line, index) => onLog(first + index, line) })
    })
  }

  #decode(decode: () => Effect.Effect<AnyOutcome, never, unknown>): Readable {
    const decoded = decode()
    if (isValue(decoded)) return decoded.value
    this.#hasSlow = true
    return decoded
  }

  #keep(index: number, outcome: Readable): void {
    this.#ended++
    if (this.#options.ordered !== true) {
      this.#ready.push(outcome)
      return
    }
    this.#held.set(index, outcome)
    for (let next = this.#read + this.#ready.length;; next++) {
      const held = this.#held.get(next)
      if (held === undefined) return
      this.#held.delete(next)
      this.#ready.push(held)
    }
  }

  get #isReadToTheEnd(): boolean {
    return (this.#isInputDone || this.#lastly !== undefined) && this.#read === this.#submitted
  }

  readonly #readable: Effect.Effect<void> = Effect.suspend(() =>
    this.#waiters.until(() => this.#ready.length > 0 || this.#failure !== undefined || this.#isReadToTheEnd)
  )

  /** What is ready, all of it; waits for something; ends when all has been read. */
  readonly pull: Pull.Pull<Some, unknown, void, unknown> = Effect.suspend(() => {
    const ready = this.#ready
    if (ready.length > 0) {
      this.#ready = []
      this.#read += ready.length
      this.#waiters.wake()
      return this.#hasSlow
        ? Effect.map(
          Effect.forEach(ready, (outcome) => Effect.isEffect(outcome) ? outcome : Exit.succeed(outcome)),
          nonEmpty
        )
        : Exit.succeed(nonEmpty(ready))
    }
    if (this.#failure !== undefined) return Effect.failCause(this.#failure)
    if (this.#isReadToTheEnd) return this.#lastly === undefined ? Cause.done() : Effect.failCause(this.#lastly)
    return Effect.flatMap(this.#readable, () => this.pull)
  })

  /** Cancels what has not ended, and waits until it has. */
  readonly cancel: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#ended === this.#submitted) {
      if (!this.#isInputDone) this.inputDone()
      return Effect.void
    }
    this.#connection.cancel({ submission: this.submission }, "the end of its stream")
    return this.#drained
  })

  readonly #drained: Effect.Effect<void> = Effect.suspend(() =>
    this.#waiters.until(() => this.#ended === this.#submitted)
  )
}

type Some = readonly [AnyOutcome, ...Array<AnyOutcome>]

/** As many as there were ready, which was one at least. */
const nonEmpty = (outcomes: ReadonlyArray<Readable>): Some => outcomes as unknown as Some

/** Takes payloads from an iterable whenever there is room. */
const fromIterable = (flow: Flow, payloads: Iterable<unknown>): Effect.Effect<void, never, unknown> => {
  const iterator = payloads[Symbol.iterator]()
  const feed: Effect.Effect<void, never, unknown> = Effect.suspend(() => {
    if (flow.isFailed) return Effect.void
    const { room } = flow
    if (room <= 0) return Effect.flatMap(flow.hasRoom, () => feed)
    const batch: Array<unknown> = []
    let isDone = false
    try {
      while (batch.length < room && !isDone) {
        const step = iterator.next()
        isDone = step.done === true
        if (step.done !== true) batch.push(step.value)
      }
    } catch (defect) {
      flow.failLast(Cause.die(defect))
      return Effect.void
    }
    const handedOver = batch.length === 0 ? Effect.void : flow.submit(batch)
    return Effect.flatMap(handedOver, () => {
      if (!isDone) return feed
      flow.inputDone()
      return Effect.void
    })
  })
  return Effect.ensuring(feed, Effect.sync(() => iterator.return?.()))
}

/** Takes payloads from a stream, whose next chunk is pulled only when there is room. */
const fromStream = (flow: Flow, payloads: Stream.Stream<unknown, unknown, unknown>) =>
  Stream.toPull(payloads).pipe(
    Effect.flatMap((pull) => {
      const feed: Effect.Effect<void, unknown, unknown> = Effect.suspend(() => {
        if (flow.isFailed) return Effect.void
        if (flow.room <= 0) return Effect.flatMap(flow.hasRoom, () => feed)
        return Effect.flatMap(pull, (chunk) => Effect.flatMap(handOver(flow, chunk), () => feed))
      })
      return Pull.catchDone(feed, () => Effect.void)
    }),
    Effect.scoped,
    Effect.matchCause({
      onSuccess: () => flow.inputDone(),
      onFailure: (cause) => flow.failLast(cause)
    })
  )

const handOver = (flow: Flow, chunk: ReadonlyArray<unknown>): Effect.Effect<void, never, unknown> =>
  Effect.suspend(() => {
    if (flow.isFailed || chunk.length === 0) return Effect.void
    const { room } = flow
    if (room <= 0) return Effect.flatMap(flow.hasRoom, () => handOver(flow, chunk))
    return Effect.flatMap(flow.submit(chunk.slice(0, room)), () => handOver(flow, chunk.slice(room)))
  })

/** The outcomes of all tasks, cancelled with their stream. */
export const runAll = (
  connection: Connection,
  registry: Registry,
  known: Known,
  payloads: Iterable<unknown> | Stream.Stream<unknown, unknown, unknown>,
  options: RunAllOptions,
  after: ReadonlyArray<Dependency>,
  trace: Trace | undefined
): Stream.Stream<AnyOutcome, unknown, unknown> =>
  Stream.unwrap(Effect.gen(function*() {
    const flow = new Flow(connection, registry, known, options, after, trace)
    yield* Effect.addFinalizer(() => flow.cancel)
    yield* Effect.forkScoped(Stream.isStream(payloads) ? fromStream(flow, payloads) : fromIterable(flow, payloads))
    return Stream.fromPull(Effect.succeed(flow.pull))
  }))
