/**
 * What may be said of a task when it is defined, as it is written.
 *
 * @since 0.1.0
 */
import type { ByteSize, Context, Duration, Schedule, Schema } from "effect"

/** What becomes of a task whose handler failed with an error of some tag: a new attempt after a delay, or its end. */
export type Retry = Schedule.Schedule<unknown, never> | "fail"

/** The tags of the errors in `E`. */
export type Tags<E> = E extends { readonly _tag: infer Tag extends string } ? Tag : never

/** The schema that `F` is or, given the fields of a struct, stands for. */
export type ToSchema<F> = F extends Schema.Struct.Fields ? Schema.Struct<F> : F extends Schema.Top ? F : never

/** The services that a list of Context keys stands for. */
export type Identifiers<Keys extends ReadonlyArray<Context.Key<unknown, unknown>>> = Keys[number]["Identifier"]

/** Every error tag is given a schedule, whose input is that error, or `"fail"`; an at-most-once task only `"fail"`. */
export type RetryPolicy<E, D> = [Tags<E>] extends [never]
  ? { readonly [tag: string]: "only errors with a _tag can be given a retry policy, and this task has none" }
  : {
    readonly [Tag in Tags<E>]: D extends "atMostOnce" ? "fail"
      : Schedule.Schedule<unknown, Extract<E, { readonly _tag: Tag }>> | "fail"
  }

/** A limit as it is written: `per` is a duration. */
export type LimitInput =
  | { readonly name: string; readonly concurrency: number }
  | { readonly name: string; readonly rate: number; readonly per: Duration.Input }

/** What one attempt takes of its node, as it is written: cores, memory, slots (1 unless given). */
export interface DemandInput {
  readonly cpu?: number
  readonly bytes?: ByteSize.Input
  readonly slots?: number
}

/** What `make` takes beside the name; every part may be left out. */
export interface Options<P, S, E, Req, D, G> {
  /** Schema or struct fields of what the handler is given; `Schema.Void` where absent. */
  readonly payload?: P
  /** Schema of what the handler returns; `Schema.Void` where absent. */
  readonly success?: S
  /** Schema of what the handler may fail with; `Schema.Never` where absent. */
  readonly error?: E
  /** Schema of what a running handler reports; `Schema.Never` where absent. */
  readonly progress?: G
  /** Services that an executor must provide: they place the task. */
  readonly requires?: Req
  /** `atLeastOnce` where absent. */
  readonly delivery?: D
  /** Exhaustive once given: without it, every error ends the task. */
  readonly retry?: RetryPolicy<E extends Schema.Top ? E["Type"] : never, D>
  /** How long one attempt may take. */
  readonly timeout?: Duration.Input
  /** How long after its submission the task expires, whatever it is doing. */
  readonly deadline?: Duration.Input
  /** A whole number; higher goes first, 0 where absent. */
  readonly priority?: number
  /** Tasks with the same key are one task. */
  readonly idempotencyKey?: (payload: ToSchema<P>["Type"]) => string
  /** Shared by all tasks that name the same limit. */
  readonly limits?: ReadonlyArray<LimitInput>
  /** Labels that an executor must carry. */
  readonly labels?: ReadonlyArray<string>
  readonly demand?: DemandInput
  /** How long a handler has between a request to stop and a kill; 5 seconds where absent. */
  readonly grace?: Duration.Input
  /**
   * For how long a result may stand for tasks with the same payload that are
   * submitted later: they end with it and do not run. Only a server that keeps
   * its tasks has results to stand for others; they go by the task's schemas,
   * library and version. No task is cached where absent.
   */
  readonly cache?: Duration.Input
  /** How many attempts may be made when executors are lost; the server's choice where absent. */
  readonly attempts?: number
}
