import { assert, describe, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Schema } from "effect"
import * as InProcess from "../../../layers/InProcess.ts"
import * as Threads from "../../../layers/Threads.ts"
import type { Submitter } from "../../../services/Submitter.ts"
import type { Runs } from "../../../src/task/TaskDefinition.ts"
import type { TaskError } from "../../../src/task/TaskError.ts"
import { SuiteLive } from "../../suites/Tasks.ts"
import type * as Artefact from "./Artefact.ts"
import * as ThreadStage from "./ThreadStage.ts"
import troubles, { FinalPiece, HastyPiece, Piece, TroublesLive } from "./Trouble.ts"

/** What is done to some tasks leaves all others alone. */
export const suite = (artefact: () => Artefact.Artefact): void => {
  /** What one task does, and what is done to it. */
  const survivable = ["at once", "later", "at once", "later", "die", "cancel never", "late never"] as const
  const killed = [...survivable, "cancel loop", "late loop"] as const

  const sets = (hows: ReadonlyArray<(typeof killed)[number] | "exit">) =>
    Schema.Array(Schema.Struct({
      n: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 })),
      how: Schema.Literals(hows)
    })).check(Schema.isMinLength(4), Schema.isMaxLength(24))

  type Part = ReturnType<typeof sets>["Type"][number]

  type Tasks = Submitter | Runs<"Piece" | "HastyPiece" | "FinalPiece">

  const run = ({ how, n }: Part): Effect.Effect<number, TaskError, Tasks> => {
    switch (how) {
      case "late never":
      case "late loop":
        return HastyPiece.run({ n, how: how === "late loop" ? "loop" : "never" })
      case "cancel never":
      case "cancel loop":
        return Effect.scoped(Effect.gen(function*() {
          const handle = yield* Piece.submit({ n, how: how === "cancel loop" ? "loop" : "never" })
          yield* ThreadStage.pause(n % 40)
          yield* handle.interrupt
          return yield* handle.await
        }))
      case "exit":
        return FinalPiece.run({ n, how })
      default:
        return Piece.run({ n, how })
    }
  }

  const isWell = ({ how }: Part) => how === "at once" || how === "later"

  /** Exactly those that nothing was done to succeed, each with its own result. */
  const law = ([parts]: readonly [ReadonlyArray<Part>]) =>
    Effect.gen(function*() {
      const exits = yield* Effect.forEach(parts, (part) => Effect.exit(run(part)), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        exits.map((exit) => Option.getOrUndefined(Exit.getSuccess(exit))),
        parts.map((part) => isWell(part) ? part.n : undefined)
      )
    })

  const threads = (count: number, slots: number) =>
    Layer.suspend(() => Threads.layer(artefact().module(troubles), { entry: artefact().entry, threads: count, slots }))
      .pipe(
        Layer.provideMerge(ThreadStage.layer)
      )

  const fibers = InProcess.layer(Layer.merge(SuiteLive, TroublesLive), { slots: 4 }).pipe(
    Layer.provideMerge(ThreadStage.layer)
  )

  const options = (runs: number) => ({ arbitrary: { runs, size: 24 } })

  describe("what is done to some tasks leaves all others alone", () => {
    layer(fibers, { excludeTestServices: true })("in fibers", (it) => {
      it.effect.prop("each with its own result", [sets(survivable)], law, options(10))
    })
    layer(threads(2, 3), { excludeTestServices: true })("in threads that do several things at a time", (it) => {
      it.effect.prop("each with its own result", [sets(killed)], law, options(4))
    })
    // What else runs in a thread that exits is as much under suspicion, and given up in the end.
    layer(threads(2, 1), { excludeTestServices: true })("in threads that do one thing at a time", (it) => {
      it.effect.prop("each with its own result", [sets([...killed, "exit"])], law, options(4))
    })
  })
}
