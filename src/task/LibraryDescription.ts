/**
 * A library as plain JSON data: enough to show its payloads and to compare it
 * with another, without its code.
 *
 * @since 0.1.0
 */
import { Duration, Predicate, Schema, SchemaRepresentation } from "effect"
import { fingerprint } from "./Fingerprint.ts"
import { Encoding } from "./Payload.ts"
import { shapeOf } from "./SchemaShape.ts"
import { masked } from "./Secret.ts"
import type { TaskDefinition } from "./TaskDefinition.ts"
import { Delivery, Limit, Resources } from "./TaskSpec.ts"

/** `representation` makes a schema again that reads the bytes; `shape` is what fingerprints are of. */
export const SchemaDescription = Schema.Struct({ representation: Schema.Json, shape: Schema.Json })
export type SchemaDescription = typeof SchemaDescription.Type

/** A task without its code. Durations are in milliseconds. */
export const TaskDescription = Schema.Struct({
  name: Schema.String,
  fingerprint: Schema.String,
  payload: SchemaDescription,
  success: SchemaDescription,
  error: SchemaDescription,
  progress: SchemaDescription,
  services: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  delivery: Delivery,
  priority: Schema.Int,
  retry: Schema.Record(Schema.String, Schema.Literals(["fail", "schedule"])),
  timeout: Schema.optionalKey(Schema.Number),
  deadline: Schema.optionalKey(Schema.Number),
  grace: Schema.Number,
  attempts: Schema.optionalKey(Schema.Int),
  limits: Schema.Array(Limit),
  demand: Schema.optionalKey(Resources)
})
export type TaskDescription = typeof TaskDescription.Type

/** A library without its code. */
export const LibraryDescription = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  encoding: Encoding,
  tasks: Schema.Array(TaskDescription)
})
export type LibraryDescription = typeof LibraryDescription.Type

/** Describes a library. */
export const describe = (library: {
  readonly name: string
  readonly version: string
  readonly encoding: Encoding
  readonly tasks: ReadonlyMap<string, TaskDefinition.Any>
}): LibraryDescription => ({
  name: library.name,
  version: library.version,
  encoding: library.encoding,
  tasks: [...library.tasks.values()].map(describeTask)
})

const describeTask = (task: TaskDefinition.Any): TaskDescription => ({
  name: task.name,
  fingerprint: fingerprint(task),
  payload: describeSchema(task.payload),
  success: describeSchema(task.success),
  error: describeSchema(task.error),
  progress: describeSchema(task.progress),
  services: task.requires.map(({ key }) => key),
  labels: task.labels,
  delivery: task.delivery,
  priority: task.priority,
  retry: Object.fromEntries(
    Object.entries(task.retry).map(([tag, retry]) => [tag, retry === "fail" ? "fail" as const : "schedule" as const])
  ),
  ...(task.timeout && { timeout: Duration.toMillis(task.timeout) }),
  ...(task.deadline && { deadline: Duration.toMillis(task.deadline) }),
  grace: Duration.toMillis(task.grace),
  ...(task.attempts !== undefined && { attempts: task.attempts }),
  limits: task.limits,
  ...(task.demand && { demand: task.demand })
})

const describeSchema = (schema: Schema.Top): SchemaDescription => ({
  representation: representationOf(schema),
  // A shape is JSON once its undefined properties are gone.
  shape: JSON.parse(JSON.stringify(shapeOf(schema))) as Schema.Json
})

const representationOf = (schema: Schema.Top): Schema.Json => {
  try {
    return SchemaRepresentation.toJson(withoutCode(SchemaRepresentation.toRepresentation(masked(schema.ast))))
  } catch {
    // A declaration that has no representation has no JSON form either.
    return SchemaRepresentation.toJson(Schema.toRepresentation(Schema.Unknown))
  }
}

/** Drops predicates that are code only: they have no representation, and reading what was checked needs none. */
const withoutCode = <A>(value: A): A => {
  if (Array.isArray(value)) return value.map(withoutCode) as A
  if (!Predicate.isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      withoutCode(key === "checks" && Array.isArray(member) ? member.filter(isRepresented) : member)
    ])
    // The same properties, the checks aside.
  ) as A
}

const isRepresented = (check: unknown): boolean =>
  Predicate.hasProperty(check, "representation") && check.representation !== undefined
