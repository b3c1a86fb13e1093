/**
 * Keeps tasks in a file, so that neither the end of the server nor that of the
 * machine loses one that was accepted.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Layer, Random } from "effect"
import process from "node:process"
import { TaskStore } from "../../services/TaskStore.ts"
import type { StoreInUse, StoreUnusable } from "../../src/store/StoreFailed.ts"
import { openFile, unreadable } from "./SqliteFile.ts"
import { openVolume } from "./SqliteVolume.ts"
import { serve } from "./Volume.ts"

/** Where it is, and who has it. */
export interface Options {
  /** A file; it is made, with its folder, if there is none. */
  readonly path: string
  /** What another server is told that wants it too. */
  readonly owner?: string
}

const incarnation = Effect.map(
  Effect.all([Random.nextIntBetween(0, 2 ** 32), Random.nextIntBetween(0, 2 ** 32)]),
  (halves) => halves.map((half) => half.toString(16).padStart(8, "0")).join("")
)

/** Opens the store for as long as the layer lasts. */
export const layer = (
  { owner = "a server", path }: Options
): Layer.Layer<TaskStore, StoreInUse | StoreUnusable> =>
  Layer.effect(
    TaskStore,
    Effect.gen(function*() {
      const file = yield* Effect.acquireRelease(
        Effect.try({
          try: () => openFile(path, owner),
          // Nothing else is thrown.
          catch: (cause) => cause as StoreInUse | StoreUnusable
        }),
        (file) => Effect.sync(file.close)
      )
      const opening = {
        owner,
        pid: process.pid,
        now: yield* Clock.currentTimeMillis,
        incarnation: yield* incarnation
      }
      return yield* Effect.try({
        try: () => serve(openVolume(file, opening)),
        catch: (cause) => unreadable(path, cause)
      })
    })
  )
