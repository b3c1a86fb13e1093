/**
 * Where a server keeps large payloads and results: beside its store, for as
 * long as that is.
 *
 * @since 0.1.0
 */
import { Effect, type Layer } from "effect"
import { join } from "node:path"
import type { BlobStore } from "../../services/BlobStore.ts"
import type { Operator } from "../../services/Operator.ts"
import type { BlobsFailed } from "../../src/blob/BlobFailed.ts"
import type { SettingInvalid } from "../../src/host/HostError.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"

/** Longer than anything is kept of tasks that have ended. */
const age = "2 days"

/** Files in the data folder, or memory where the tasks are in memory too. */
export const layerFor = (isDurable: boolean): Effect.Effect<Layer.Layer<BlobStore, BlobsFailed>, SettingInvalid> =>
  isDurable
    ? Effect.gen(function*() {
      const folder = join(yield* RuntimeFolder.data, "blobs")
      const { layer } = yield* Effect.promise(() => import("../blobs/BlobStoreFiles.ts"))
      return layer(folder)
    })
    : Effect.map(Effect.promise(() => import("../blobs/BlobStoreMemory.ts")), ({ layer }) => layer())

/** Removes what is old, now and then, while there is no task that might still need it. */
export const sweeping = (
  blobs: BlobStore["Service"],
  operator: Operator["Service"]
): Effect.Effect<never> =>
  Effect.gen(function*() {
    const { queued, running } = yield* operator.status
    if (queued + running === 0) yield* blobs.sweep(new Set(), age)
  }).pipe(Effect.ignore, Effect.andThen(Effect.sleep("1 hour")), Effect.forever)
