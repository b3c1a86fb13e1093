/**
 * What is known of a task before anybody runs it: its name, its schemas and
 * how it is to be placed, repeated and ended. All of it is data; the verbs are
 * in `services/Task.ts`.
 *
 * @since 0.1.0
 */
import { ByteSize, type Context, Duration, Schema } from "effect"
import { fingerprint } from "./Fingerprint.ts"
import type { Encoding } from "./Payload.ts"
import type { MaybeExecuted, TaskError } from "./TaskError.ts"
import type { DemandInput, Identifiers, LimitInput, Options, Retry, ToSchema } from "./TaskOptions.ts"
import type { Delivery, Limit, Resources, TaskSpec } from "./TaskSpec.ts"

/** Phantom: some executor within reach can run the task `Name`, so that its `requires` are covered. */
export interface Runs<out Name extends string> {
  readonly "~cadre/Runs": Name
}

/** Phantom: what the Layer of a library's handlers provides. */
export interface Implements<out T> {
  readonly "~cadre/Implements": T
}

/** Which library a task belongs to, and how that library's payloads are encoded. */
export interface LibraryIdentity {
  readonly libraryName: string
  readonly version: string
  readonly encoding: Exclude<Encoding, "raw">
}

/** A task as data. `Delivery` is `MaybeExecuted` for an at-most-once task, else `never`. */
export interface TaskDefinition<
  out Name extends string,
  out P extends Schema.Top,
  out S extends Schema.Top,
  out E extends Schema.Top,
  out Requires,
  out Delivery,
  out Progress extends Schema.Top = Schema.Never
> extends TaskDefinition.Any {
  readonly name: Name
  readonly payload: P
  readonly success: S
  readonly error: E
  readonly progress: Progress
  readonly "~requires": Requires
  readonly "~delivery": Delivery
}

/** Types that are read off a definition, or off a union of them. */
export declare namespace TaskDefinition {
  /** Any definition at all. */
  interface Any {
    readonly name: string
    readonly payload: Schema.Top
    readonly success: Schema.Top
    readonly error: Schema.Top
    readonly progress: Schema.Top
    readonly requires: ReadonlyArray<Context.Key<unknown, unknown>>
    readonly delivery: Delivery
    readonly retry: { readonly [tag: string]: Retry }
    readonly timeout: Duration.Duration | undefined
    readonly deadline: Duration.Duration | undefined
    readonly priority: number
    /** Takes this task's payload: call it through `idempotencyKey`. */
    readonly idempotencyKey: ((payload: never) => string) | undefined
    readonly limits: ReadonlyArray<Limit>
    readonly labels: ReadonlyArray<string>
    readonly demand: Resources | undefined
    readonly grace: Duration.Duration
    readonly attempts: number | undefined
    readonly cache: Duration.Duration | undefined
    readonly "~requires": unknown
    readonly "~delivery": unknown
  }

  /** The names of the tasks in `T`. */
  type Names<T> = T extends Any ? T["name"] : never
  /** The task of `T` called `Name`. */
  type Named<T, Name extends string> = Extract<T, { readonly name: Name }>
  /** What a submitter writes: fields with constructor defaults may be left out. */
  type Input<T extends Any> = T["payload"]["~type.make.in"]
  /** What the handler is given. */
  type Payload<T extends Any> = T["payload"]["Type"]
  type Success<T extends Any> = T["success"]["Type"]
  type Error<T extends Any> = T["error"]["Type"]
  type Progress<T extends Any> = T["progress"]["Type"]
  /** `MaybeExecuted` for an at-most-once task, else `never`. */
  type Delivered<T extends Any> = T["~delivery"]
  /** All that `run` may fail with. */
  type RunError<T extends Any> = Error<T> | TaskError | Delivered<T>
  /** The services that an executor must provide for the task. */
  type Requires<T> = T extends Any ? T["~requires"] : never
  /** The names of the tasks of `T` whose requirements `ROut` covers. */
  type Covered<T, ROut> = T extends Any ? [T["~requires"]] extends [ROut] ? T["name"] : never : never
  /** What the schemas need where the task is submitted. */
  type ClientServices<T extends Any> =
    | T["payload"]["EncodingServices"]
    | T["success"]["DecodingServices"]
    | T["error"]["DecodingServices"]
    | T["progress"]["DecodingServices"]
  /** What the schemas need where the task runs. */
  type ExecutorServices<T extends Any> =
    | T["payload"]["DecodingServices"]
    | T["success"]["EncodingServices"]
    | T["error"]["EncodingServices"]
    | T["progress"]["EncodingServices"]
}

const fiveSeconds = Duration.seconds(5)

const limit = (input: LimitInput): Limit =>
  "rate" in input ? { name: input.name, rate: input.rate, per: Duration.toMillis(input.per) } : input

const demanded = ({ bytes = 0, cpu = 0, slots = 1 }: DemandInput): Resources => ({
  cpu,
  bytes: ByteSize.toNumberUnsafe(ByteSize.fromInputUnsafe(bytes)),
  slots
})

const schemaOf = (payload: Schema.Top | Schema.Struct.Fields): Schema.Top =>
  // A struct of any fields is a `Top`; only the compiler needs to be told which.
  Schema.isSchema(payload) ? payload : Schema.Struct(payload) as Schema.Top

const whole = (name: string, what: string, value: number | undefined, least: number): void => {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    throw new RangeError(`Task ${name}: ${what} must be a whole number of at least ${least}, not ${value}`)
  }
}

/** Makes a definition. Throws a `RangeError` that names the task when an option is out of its range. */
export const make = <
  const Name extends string,
  P extends Schema.Top | Schema.Struct.Fields = Schema.Void,
  S extends Schema.Top = Schema.Void,
  E extends Schema.Top = Schema.Never,
  const Req extends ReadonlyArray<Context.Key<unknown, unknown>> = [],
  const D extends Delivery = "atLeastOnce",
  G extends Schema.Top = Schema.Never
>(
  name: Name,
  options: Options<P, S, E, Req, D, G> = {}
): TaskDefinition<Name, ToSchema<P>, S, E, Identifiers<Req>, D extends "atMostOnce" ? MaybeExecuted : never, G> => {
  if (name === "") throw new RangeError("A task must have a name")
  whole(name, "priority", options.priority, Number.MIN_SAFE_INTEGER)
  whole(name, "attempts", options.attempts, 1)
  for (const limit of options.limits ?? []) {
    if ("rate" in limit) whole(name, `the rate of limit ${limit.name}`, limit.rate, 1)
    else whole(name, `the concurrency of limit ${limit.name}`, limit.concurrency, 1)
  }
  const definition: TaskDefinition.Any = {
    name,
    payload: schemaOf(options.payload ?? Schema.Void),
    success: options.success ?? Schema.Void,
    error: options.error ?? Schema.Never,
    progress: options.progress ?? Schema.Never,
    requires: options.requires ?? [],
    delivery: options.delivery ?? "atLeastOnce",
    // A schedule for one error is only ever stepped with errors of that tag.
    retry: (options.retry ?? {}) as TaskDefinition.Any["retry"],
    timeout: options.timeout === undefined ? undefined : Duration.fromInputUnsafe(options.timeout),
    deadline: options.deadline === undefined ? undefined : Duration.fromInputUnsafe(options.deadline),
    priority: options.priority ?? 0,
    idempotencyKey: options.idempotencyKey,
    limits: options.limits?.map(limit) ?? [],
    labels: options.labels ?? [],
    demand: options.demand === undefined ? undefined : demanded(options.demand),
    grace: options.grace === undefined ? fiveSeconds : Duration.fromInputUnsafe(options.grace),
    attempts: options.attempts,
    cache: options.cache === undefined ? undefined : Duration.fromInputUnsafe(options.cache),
    "~requires": undefined,
    "~delivery": undefined
  }
  // The type parameters are those of the options just read; the phantoms have no value.
  return definition as ReturnType<typeof make<Name, P, S, E, Req, D, G>>
}

/** The idempotency key of a payload, if the task has such a thing. */
export const idempotencyKey = (definition: TaskDefinition.Any, payload: unknown): string | undefined =>
  // The caller holds a payload of this very task; the erased definition cannot say so.
  definition.idempotencyKey?.(payload as never)

const specs = new WeakMap<TaskDefinition.Any, Map<string, TaskSpec>>()

/**
 * The task's kind as a server sees it, durations in milliseconds. The same
 * arguments give the same object, so its identity can key a cache. Computes
 * the fingerprint when it is first asked for.
 */
export const toSpec = (definition: TaskDefinition.Any, library: LibraryIdentity): TaskSpec => {
  const key = JSON.stringify([library.libraryName, library.version, library.encoding])
  let ofTask = specs.get(definition)
  if (ofTask === undefined) specs.set(definition, ofTask = new Map())
  let spec = ofTask.get(key)
  if (spec === undefined) ofTask.set(key, spec = makeSpec(definition, library))
  return spec
}

const makeSpec = (definition: TaskDefinition.Any, library: LibraryIdentity): TaskSpec => ({
  requirement: {
    library: library.libraryName,
    version: library.version,
    fingerprint: fingerprint(definition),
    taskName: definition.name,
    services: definition.requires.map((key) => key.key),
    labels: definition.labels,
    ...(definition.demand && { demand: definition.demand })
  },
  encoding: library.encoding,
  delivery: definition.delivery,
  ...(definition.timeout && Duration.isFinite(definition.timeout) &&
    { timeout: Duration.toMillis(definition.timeout) }),
  ...(definition.attempts !== undefined && { attempts: definition.attempts }),
  ...(definition.cache && { cache: Duration.toMillis(definition.cache) }),
  grace: Duration.toMillis(definition.grace),
  limits: definition.limits
})
