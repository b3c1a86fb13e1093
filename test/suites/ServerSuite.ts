import { describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import type { Server } from "../../services/Server.ts"
import * as Leases from "./server/Leases.ts"
import * as Returns from "./server/Returns.ts"
import * as Stops from "./server/Stops.ts"

/** The laws of `Server`, for every layer that claims to provide it, under a `TestClock` that it brings along. */
export const suite = <E>(name: string, layer: Layer.Layer<Server, E>) =>
  describe(`Server laws (${name})`, () => {
    for (const [law, check] of Object.entries({ ...Leases.laws, ...Returns.laws, ...Stops.laws })) {
      it.effect(law, () => Effect.provide(Effect.scoped(check), layer))
    }
  })
