/**
 * A submitter that is connected to a server.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Layer, type Scope, Stream, Tracer } from "effect"
import { Server, type SubmitterPort } from "../../services/Server.ts"
import { type RunAllOptions, type Step, type SubmitOptions, Submitter } from "../../services/Submitter.ts"
import type { Entry, Trace } from "../../src/dispatch/Event.ts"
import type { Submitted } from "../../src/protocol/SubmitterPort.ts"
import { isValue } from "../../src/task/Immediate.ts"
import { hashPayload } from "../../src/task/PayloadHash.ts"
import { encodeSplit, mismatch, type RefField, splitRefs } from "../../src/task/Reference.ts"
import type { Sealer } from "../../src/task/Secret.ts"
import { idempotencyKey, type TaskDefinition } from "../../src/task/TaskDefinition.ts"
import { PayloadInvalid, type SubmitError, UnknownDependency, UnknownTask } from "../../src/task/TaskError.ts"
import { afterTurn } from "../TurnScheduler.ts"
import { Connection } from "./Connection.ts"
import { type AnyHandle, Following } from "./Handle.ts"
import { type Catalogue, type Known, Registry, timing } from "./Registry.ts"
import { runAll } from "./RunAll.ts"
import { dependencies, Runs } from "./Runs.ts"
import { SubmissionSet } from "./SubmissionSet.ts"

/** What a submitter is made of. */
export interface Options {
  /** Names it to the server, and in what it cancels. */
  readonly name: string
  readonly libraries: ReadonlyArray<Catalogue>
  readonly sealer?: Sealer
  /** Server and executors are in this process: what is handed over crosses no wire. */
  readonly isLocal?: boolean
}

const noOptions: SubmitOptions = {}

/** The sampled span that tasks of this fiber go on from. */
const currentTrace = Effect.withFiberSucceed((fiber): Trace | undefined => {
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  // A native span goes nowhere: there is no tracer to follow it with.
  return span?.sampled === true && !(span instanceof Tracer.NativeSpan)
    ? { traceId: span.traceId, spanId: span.spanId }
    : undefined
})

/** The tasks whose results a payload needs, if each is known and fits its field. */
const resolveRefs = Effect.fnUntraced(function*(
  connection: Connection,
  { name, payload }: TaskDefinition.Any,
  fields: ReadonlyArray<RefField>
) {
  for (const field of fields) {
    const refused = mismatch(name, payload, field)
    if (refused !== undefined) return yield* refused
  }
  const positions = dependencies(connection, name, fields.map(({ ref }) => ({ id: ref.taskId })))
  return positions instanceof UnknownDependency ? yield* positions : positions
})

type Services = Context.Context<unknown>

const make = Effect.fnUntraced(function*<E, R>(
  { isLocal = false, libraries, name, sealer }: Options,
  connecting: Effect.Effect<SubmitterPort, E, R>
) {
  const clock = yield* Clock.Clock
  let connected: Connection | undefined
  // The last thing to happen: until then it hears how what was cancelled has ended.
  yield* Effect.addFinalizer(() => Effect.sync(() => connected?.close()))
  const connection = connected = new Connection(name, yield* connecting, clock, yield* afterTurn)
  const registry = new Registry(libraries, sealer, isLocal)
  const runs = new Runs(connection, registry)
  connection.listen()

  const invalid = ({ definition }: Known, issue: string, index?: number) =>
    new PayloadInvalid({ taskName: definition.name, issue, ...(index !== undefined && { index }) })

  const start = (
    known: Known,
    payload: unknown,
    bytes: Uint8Array,
    options: SubmitOptions,
    trace: Trace | undefined
  ) => Effect.callback<unknown, unknown, unknown>((resume) => runs.start(known, payload, bytes, options, trace, resume))

  const run = (task: TaskDefinition.Any, payload: unknown, options: SubmitOptions = noOptions) =>
    Effect.flatMap(currentTrace, (trace) => {
      const known = registry.find(task)
      if (known instanceof UnknownTask) return Effect.fail(known)
      const bytes = known.encodePayload(payload)
      return isValue(bytes)
        ? start(known, payload, bytes.value, options, trace)
        : Effect.matchEffect(bytes, {
          onFailure: ({ message }) => Effect.fail(invalid(known, message)),
          onSuccess: (bytes) => start(known, payload, bytes, options, trace)
        })
    })

  /** One task as an entry of its own, that can be followed. */
  const followed = Effect.fnUntraced(function*(
    known: Known,
    payload: unknown,
    options: SubmitOptions,
    after: NonNullable<Entry["after"]>
  ) {
    const { definition } = known
    const { fields, rest } = splitRefs(payload)
    const refs = yield* resolveRefs(connection, definition, fields)
    const bytes = yield* Effect.mapError(
      fields.length === 0
        ? known.encodePayload(payload)
        : encodeSplit(definition.payload, known.encoding, sealer, rest),
      ({ message }) => invalid(known, message)
    )
    const key = fields.length === 0 ? idempotencyKey(definition, payload) : undefined
    const trace = yield* currentTrace
    const entry: Entry = {
      kind: "list",
      count: 1,
      keep: true,
      spec: registry.specOf(known, options),
      priority: options.priority ?? definition.priority,
      ...timing(known, options),
      ...(after.length > 0 && { after }),
      ...(refs.length > 0 && { refs }),
      ...(options.onDependencyFailure && { onDependencyFailure: options.onDependencyFailure }),
      ...(options.session !== undefined && { session: options.session }),
      ...(key !== undefined && { keys: [key], hashes: [hashPayload(bytes)] }),
      ...(trace && { trace })
    }
    const submitted: Submitted = {
      entry,
      payloads: { _tag: "Pieces", pieces: [bytes] },
      isFollowed: true,
      ...(fields.length > 0 && { refFields: fields.map(({ field }) => field) })
    }
    return submitted
  })

  /** Hands over entries of one task each, and follows them until the scope is left. */
  const follow = Effect.fnUntraced(function*(
    names: ReadonlyArray<string>,
    entries: ReadonlyArray<Submitted>,
    followings: ReadonlyArray<Following>,
    whenUnmet: "fail" | "wait"
  ) {
    const cancel = Effect.gen(function*() {
      for (const following of followings) yield* Effect.forkChild(following.release("the end of its scope"))
      for (const following of followings) yield* following.settled
      connection.port.send({ _tag: "fetched", tasks: followings.map(({ position }) => position) })
    })
    const accepted = Effect.callback<void, SubmitError>((resume) => {
      connection.submit(entries, { submission: connection.submissionId(), whenUnmet, isOpen: false }, {
        names,
        accepted: ({ first, known }) => {
          for (const [entry, following] of followings.entries()) {
            following.accepted(first[entry] ?? -1, known.find((alias) => alias.entry === entry)?.task)
          }
          resume(Effect.void)
        },
        refused: (error) => resume(Effect.fail(error)),
        ended: (ending) => followings[ending.entry]?.ended(ending),
        lost: (error) => {
          for (const following of followings) following.lost(error)
          resume(Effect.fail(error))
        },
        progress: (entry, value) => followings[entry]?.reported(value),
        log: (entry, line) => followings[entry]?.logged(line)
      })
      connection.port.flush()
    })
    yield* Effect.acquireRelease(accepted, () => cancel)
  })

  const submit = Effect.fnUntraced(function*(
    task: TaskDefinition.Any,
    payload: unknown,
    options: SubmitOptions = noOptions
  ) {
    const known = registry.find(task)
    if (known instanceof UnknownTask) return yield* known
    const after = dependencies(connection, task.name, options.after ?? [])
    if (after instanceof UnknownDependency) return yield* after
    const following = new Following(connection, known, payload, yield* Effect.context<unknown>())
    const entry = yield* followed(known, payload, options, after)
    yield* follow([task.name], [entry], [following], options.whenUnmet ?? "fail")
    return following.handle
  })

  const submitGraph = Effect.fnUntraced(function*(steps: { readonly [name: string]: Step<TaskDefinition.Any> }) {
    const names = Object.keys(steps)
    const context: Services = yield* Effect.context<unknown>()
    const entries: Array<Submitted> = []
    const followings: Array<Following> = []
    for (const [name, { after, options = noOptions, payload, task }] of Object.entries(steps)) {
      const known = registry.find(task)
      if (known instanceof UnknownTask) return yield* known
      const unknown = after.find((other) => !names.includes(other))
      if (unknown !== undefined) return yield* new UnknownDependency({ taskName: name, dependency: unknown })
      entries.push(yield* followed(known, payload, options, after.map((other) => ({ entry: names.indexOf(other) }))))
      followings.push(new Following(connection, known, payload, context))
    }
    const isWaiting = Object.values(steps).some(({ options }) => options?.whenUnmet === "wait")
    yield* follow(names, entries, followings, isWaiting ? "wait" : "fail")
    return Object.fromEntries(names.map((name, index): [string, AnyHandle] => [name, followings[index]!.handle]))
  })

  const submitAll = Effect.fnUntraced(function*(
    task: TaskDefinition.Any,
    payloads: Iterable<unknown>,
    options: SubmitOptions = noOptions
  ) {
    const known = registry.find(task)
    if (known instanceof UnknownTask) return yield* known
    const after = dependencies(connection, task.name, options.after ?? [])
    if (after instanceof UnknownDependency) return yield* after
    const values = [...payloads]
    const { bytes, offsets } = yield* Effect.mapError(
      known.encodePayloads(values),
      ({ error, index }) => invalid(known, error.message, index)
    )
    const keys = values.flatMap((payload) => idempotencyKey(task, payload) ?? [])
    const trace = yield* currentTrace
    const entry: Entry = {
      kind: "list",
      count: values.length,
      spec: registry.specOf(known, options),
      priority: options.priority ?? task.priority,
      ...timing(known, options),
      ...(after.length > 0 && { after }),
      ...(options.onDependencyFailure && { onDependencyFailure: options.onDependencyFailure }),
      ...(options.session !== undefined && { session: options.session }),
      ...(keys.length > 0 && {
        keys,
        hashes: keys.map((_, index) => hashPayload(bytes.subarray(offsets[index], offsets[index + 1])))
      }),
      ...(trace && { trace })
    }
    const id = connection.submissionId()
    const set = new SubmissionSet(connection, known, id, values, yield* Effect.context<unknown>())
    const accepted = Effect.callback<void, SubmitError>((resume) => {
      const payloads = { _tag: "List", bytes, offsets } as const
      const whenUnmet = options.whenUnmet ?? "fail"
      connection.submit([{ entry, payloads, isFollowed: false }], { submission: id, whenUnmet, isOpen: false }, {
        names: [task.name],
        accepted: () => resume(Effect.void),
        refused: (error) => resume(Effect.fail(error)),
        ended: (ending) => set.ended(ending),
        lost: (error) => {
          set.lost(error)
          resume(Effect.fail(error))
        },
        endedAll: set.endedAll
      })
      connection.port.flush()
    })
    yield* Effect.acquireRelease(accepted, () => set.cancel)
    return set.submission
  })

  const all = (
    task: TaskDefinition.Any,
    payloads: Iterable<unknown> | Stream.Stream<unknown, unknown, unknown>,
    options: RunAllOptions = noOptions
  ) =>
    Stream.unwrap(Effect.map(currentTrace, (trace) => {
      const known = registry.find(task)
      if (known instanceof UnknownTask) return Stream.fail(known)
      const after = dependencies(connection, task.name, options.after ?? [])
      return after instanceof UnknownDependency
        ? Stream.fail(after)
        : runAll(connection, registry, known, payloads, options, after, trace)
    }))

  // The service's types relate each task to its payload and its results; in here they are erased.
  return { run, runAll: all, submit, submitAll, submitGraph } as unknown as Submitter["Service"]
})

/** A submitter that is connected while the scope lasts. */
export const connect = (options: Options): Effect.Effect<Submitter["Service"], never, Server | Scope.Scope> =>
  make(options, Effect.flatMap(Server, ({ connect }) => connect(options.name)))

/** A submitter at an end of a connection that somebody else has made. */
export const connectBy = <E, R>(
  options: Options,
  connecting: Effect.Effect<SubmitterPort, E, R>
): Effect.Effect<Submitter["Service"], E, R | Scope.Scope> => make(options, connecting)

/** Connects to the server. */
export const layer = (options: Options): Layer.Layer<Submitter, never, Server> =>
  Layer.effect(Submitter, connect(options))
