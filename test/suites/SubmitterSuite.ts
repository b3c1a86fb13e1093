import { describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import type { Server } from "../../services/Server.ts"
import type { Submitter } from "../../services/Submitter.ts"
import type { TaskLibrary } from "../../services/TaskLibrary.ts"
import type { Runs } from "../../src/task/TaskDefinition.ts"
import type { Stage } from "./Stage.ts"
import * as Followers from "./submitter/Followers.ts"
import * as Handles from "./submitter/Handles.ts"
import * as Kinds from "./submitter/Kinds.ts"
import * as Results from "./submitter/Results.ts"
import * as Sets from "./submitter/Sets.ts"
import * as Streams from "./submitter/Streams.ts"
import * as Times from "./submitter/Times.ts"
import type { JsonSuite, Suite } from "./Tasks.ts"

/** What a layer has that runs the tasks of the suite. */
export type Services =
  | Submitter
  | Server
  | Stage
  | Runs<(TaskLibrary.Tasks<typeof Suite> | TaskLibrary.Tasks<typeof JsonSuite>)["name"]>

/** Makes the layer anew, with executors of so many slots in all. */
export type Make<E> = (slots: number) => Layer.Layer<Services, E>

type Laws = { readonly [law: string]: Effect.Effect<void, unknown, Services> }

const groups: { readonly [name: string]: Laws } = {
  results: Results.laws,
  streams: Streams.laws,
  handles: Handles.laws,
  sets: Sets.laws,
  followers: Followers.laws,
  kinds: Kinds.laws
}

const check = <E>(name: string, laws: Laws, make: Make<E>, slots: number) =>
  describe(name, () => {
    for (const [law, effect] of Object.entries(laws)) it.effect(law, () => Effect.provide(effect, make(slots)))
  })

/**
 * The laws of `Submitter`, `TaskHandle` and `Submission`, for every layer that
 * claims to provide them; `make` may differ by their group.
 */
export const suite = <E>(name: string, make: (slots: number, group: string) => ReturnType<Make<E>>) =>
  describe(`Submitter laws (${name})`, () => {
    for (const [group, laws] of Object.entries(groups)) check(group, laws, (slots) => make(slots, group), 16)
    const {
      "bounded: nor do those that only watch them": watching,
      "bounded: tasks that wait for tasks of their own need no slot": waiting
    } = Kinds.laws
    check("with one slot", { watching, waiting }, (slots) => make(slots, "with one slot"), 1)
  })

/** When things happen, for layers that run under a `TestClock` which they bring along. */
export const suiteTimed = <E>(name: string, make: Make<E>) =>
  describe(`Submitter laws (${name})`, () => {
    check("times", Times.laws, make, 16)
  })
