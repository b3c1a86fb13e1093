/**
 * Sets of tasks that follow one another.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"
import type { Runs, TaskDefinition } from "../src/task/TaskDefinition.ts"
import type { SubmitError } from "../src/task/TaskError.ts"
import { type Step, type SubmitOptions, Submitter } from "./Submitter.ts"
import type { TaskHandle } from "./TaskHandle.ts"

/** One task of a graph; `after` names the others that must have succeeded before it starts. */
export const step = <T extends TaskDefinition.Any>(
  task: T,
  payload: TaskDefinition.Input<T>,
  options: Omit<SubmitOptions, "after"> & { readonly after?: ReadonlyArray<string> } = {}
): Step<T> => {
  const { after = [], ...rest } = options
  return { task, payload, after, options: rest }
}

/**
 * Hands over tasks that follow one another, accepted or refused as a whole, and
 * gives a handle on each. A circle is refused with `DependencyCycle`, which
 * names it. They are cancelled with the scope.
 */
export const graph = <G extends { readonly [name: string]: Step<TaskDefinition.Any> }>(steps: G): Effect.Effect<
  { readonly [K in keyof G]: TaskHandle.Of<G[K]["task"]> },
  SubmitError,
  Scope.Scope | Submitter | Runs<G[keyof G]["task"]["name"]> | TaskDefinition.ClientServices<G[keyof G]["task"]>
> => Effect.flatMap(Submitter, (submitter) => submitter.submitGraph(steps))
