/**
 * Keeps tasks in memory: what has ended can be listed for a while, and all is
 * gone with the process.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Random } from "effect"
import process from "node:process"
import { TaskStore } from "../../services/TaskStore.ts"
import { StoreInUse } from "../../src/store/StoreFailed.ts"
import type { Disk } from "./Disk.ts"
import { MemoryContents } from "./MemoryContents.ts"
import { openMemory } from "./MemoryVolume.ts"
import { serve } from "./Volume.ts"

const incarnation = Effect.map(
  Effect.all([Random.nextIntBetween(0, 2 ** 32), Random.nextIntBetween(0, 2 ** 32)]),
  (halves) => halves.map((half) => half.toString(16).padStart(8, "0")).join("")
)

/** A store of its own. */
export const layer: Layer.Layer<TaskStore> = Layer.effect(
  TaskStore,
  Effect.map(incarnation, (incarnation) => serve(openMemory(new MemoryContents(), "memory", incarnation)))
)

/** A store on a disk that outlives it, for tests and simulations. */
export const layerOn = (disk: Disk, owner = "a server"): Layer.Layer<TaskStore, StoreInUse> =>
  Layer.effect(
    TaskStore,
    Effect.gen(function*() {
      const { owner: other, path } = disk
      if (other !== undefined) return yield* new StoreInUse({ path, owner: other, pid: process.pid })
      const volume = disk.open(yield* incarnation)
      yield* Effect.acquireRelease(Effect.sync(() => disk.hold(owner)), (release) => Effect.sync(release))
      return serve(volume)
    })
  )
