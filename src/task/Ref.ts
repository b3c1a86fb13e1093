/**
 * Stands, in a payload, for the result of another task.
 *
 * @since 0.1.0
 */
import { Predicate, type Schema } from "effect"
import type { Encoding } from "./Payload.ts"

// A symbol: no data from elsewhere can pass for a reference.
const TypeId: unique symbol = Symbol.for("cadre/task/Ref")

/** Where a result will be, and what it will be read with. */
export interface Source {
  readonly taskId: string
  readonly taskName: string
  readonly success: Schema.Top
  readonly encoding: Encoding
}

/** Stands for the result `A` of another task. */
export interface Ref<out A> extends Source {
  readonly [TypeId]: A
}

/** What `submit` takes: every field of a struct may be a `Ref` to a task that results in such a field. */
export type WithRefs<P extends Schema.Top> = P extends { readonly fields: Schema.Struct.Fields }
  ? { readonly [K in keyof P["~type.make.in"]]: P["~type.make.in"][K] | Ref<P["~type.make.in"][K]> }
  : P["~type.make.in"]

/** A reference to what `source` will result in. */
export const ref = <A>({ encoding, success, taskId, taskName }: Source): Ref<A> => ({
  taskId,
  taskName,
  success,
  encoding,
  // A phantom: the result is not here.
  [TypeId]: undefined as A
})

/** Whether a value is a reference. */
export const isRef = (value: unknown): value is Ref<unknown> => Predicate.hasProperty(value, TypeId)
