/**
 * A task with its verbs. The definition alone is data and lives in `src`; the
 * verbs call the `Submitter`, so they live beside it.
 *
 * @since 0.1.0
 */
import { type Context, Effect, type Schema, type Scope, Stream } from "effect"
import { type Ref, ref, type WithRefs } from "../src/task/Ref.ts"
import * as Definition from "../src/task/TaskDefinition.ts"
import type { Runs, TaskDefinition } from "../src/task/TaskDefinition.ts"
import type { MaybeExecuted, SubmitError, TaskError } from "../src/task/TaskError.ts"
import type { Identifiers, Options, ToSchema } from "../src/task/TaskOptions.ts"
import type { TaskOutcome } from "../src/task/TaskOutcome.ts"
import type { Delivery as DeliveryMode } from "../src/task/TaskSpec.ts"
import { type RunAllOptions, type Submission, type SubmitOptions, Submitter } from "./Submitter.ts"
import { TaskContext } from "./TaskContext.ts"
import type { TaskHandle } from "./TaskHandle.ts"

/**
 * A typed unit of work. Its verbs need a `Submitter`, and `Runs<Name>`: that
 * some executor behind it can run this very task. A payload is given as its
 * schema's constructor takes it.
 */
export interface Task<
  out Name extends string,
  in out P extends Schema.Top,
  in out S extends Schema.Top,
  in out E extends Schema.Top,
  out Requires,
  out Delivery,
  in out Progress extends Schema.Top = Schema.Never
> extends TaskDefinition<Name, P, S, E, Requires, Delivery, Progress> {
  /** Submits one task and waits for its result. Interrupting it cancels the task. */
  readonly run: (payload: P["~type.make.in"], options?: SubmitOptions) => Effect.Effect<
    S["Type"],
    E["Type"] | TaskError | Delivery,
    Submitter | Runs<Name> | Services<P, S, E, Progress>
  >

  /** Submits many tasks, no faster than they end, and gives the outcome of each. */
  readonly runAll: <E2 = never, R2 = never>(
    payloads: Iterable<P["~type.make.in"]> | Stream.Stream<P["~type.make.in"], E2, R2>,
    options?: RunAllOptions
  ) => Stream.Stream<
    TaskOutcome<P["~type.make.in"], S["Type"], E["Type"], Delivery>,
    E2 | SubmitError,
    Submitter | Runs<Name> | R2 | Services<P, S, E, Progress>
  >

  /** Submits one task and gives a handle on it; the task is cancelled with the scope. Fields may be a `Task.ref`. */
  readonly submit: (payload: WithRefs<P>, options?: SubmitOptions) => Effect.Effect<
    TaskHandle<S["Type"], E["Type"] | Delivery, Progress["Type"]>,
    SubmitError,
    Submitter | Runs<Name> | Scope.Scope | Services<P, S, E, Progress>
  >

  /** Submits many tasks as one submission, accepted or refused as a whole. */
  readonly submitAll: (payloads: Iterable<P["~type.make.in"]>, options?: SubmitOptions) => Effect.Effect<
    Submission<Task<Name, P, S, E, Requires, Delivery, Progress>>,
    SubmitError,
    Submitter | Runs<Name> | Scope.Scope | Services<P, S, E, Progress>
  >

  /** In this task's handler: tells whoever follows the task how far it is. */
  readonly report: (progress: Progress["Type"]) => Effect.Effect<void, never, TaskContext>
}

/** What the schemas of a task need where it is submitted. */
export type Services<P extends Schema.Top, S extends Schema.Top, E extends Schema.Top, G extends Schema.Top> =
  | P["EncodingServices"]
  | S["DecodingServices"]
  | E["DecodingServices"]
  | G["DecodingServices"]

/** Types that are read off a task, or off a union of tasks. */
export declare namespace Task {
  /** Any task at all. */
  type Any = TaskDefinition.Any
  /** The names of the tasks in `T`. */
  type Names<T> = TaskDefinition.Names<T>
  /** The services that an executor must provide for the task. */
  type Requires<T> = TaskDefinition.Requires<T>
  /** The names of the tasks of `T` whose requirements `ROut` covers. */
  type Covered<T, ROut> = TaskDefinition.Covered<T, ROut>
}

const make = <
  const Name extends string,
  P extends Schema.Top | Schema.Struct.Fields = Schema.Void,
  S extends Schema.Top = Schema.Void,
  E extends Schema.Top = Schema.Never,
  const Req extends ReadonlyArray<Context.Key<unknown, unknown>> = [],
  const D extends DeliveryMode = "atLeastOnce",
  G extends Schema.Top = Schema.Never
>(
  name: Name,
  options?: Options<P, S, E, Req, D, G>
): Task<
  Name,
  ToSchema<P>,
  S,
  E,
  Identifiers<Req>,
  D extends "atMostOnce" ? MaybeExecuted : never,
  G
> => {
  type Self = ReturnType<typeof make<Name, P, S, E, Req, D, G>>
  const task: Self = {
    ...Definition.make(name, options),
    run: (payload, options) => Effect.flatMap(Submitter, (submitter) => submitter.run(task, payload, options)),
    runAll: (payloads, options) =>
      Stream.unwrap(Effect.map(Submitter, (submitter) => submitter.runAll(task, payloads, options))),
    submit: (payload, options) => Effect.flatMap(Submitter, (submitter) => submitter.submit(task, payload, options)),
    submitAll: (payloads, options) =>
      Effect.flatMap(Submitter, (submitter) => submitter.submitAll(task, payloads, options)),
    report: (progress) => Effect.flatMap(TaskContext, (attempt) => attempt.progress(progress))
  }
  return task
}

/** Makes tasks, and references to their results. */
export const Task = {
  /**
   * A task of that name, unique in its library. Throws a `RangeError` that names
   * the task when an option is out of its range.
   */
  make,

  /** Stands for the result of a submitted task in a field of another task's payload. */
  ref: <A, E, Progress>(handle: TaskHandle<A, E, Progress>): Ref<A> => ref(handle.source)
}
