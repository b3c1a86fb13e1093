/**
 * Where a server keeps its tasks, by its settings.
 *
 * @since 0.1.0
 */
import { Effect, type Layer } from "effect"
import { dirname, join, resolve } from "node:path"
import type { TaskStore } from "../../services/TaskStore.ts"
import type { SettingInvalid } from "../../src/host/HostError.ts"
import type { Settings } from "../../src/host/Settings.ts"
import type { StoreFailed, StoreInUse, StoreUnusable } from "../../src/store/StoreFailed.ts"
import * as RuntimeFolder from "./RuntimeFolder.ts"

/** A store that can be opened; `name` is for people. */
export interface Choice {
  readonly name: string
  readonly layer: Layer.Layer<TaskStore, StoreFailed | StoreInUse | StoreUnusable>
}

/** Chooses it, and sees that its folder is there. */
export const storeOf = Effect.fnUntraced(function*(
  { store }: Settings
): Effect.fn.Return<Choice, SettingInvalid> {
  if (store === "memory") {
    const { layer } = yield* Effect.promise(() => import("../store/TaskStoreMemory.ts"))
    return { name: "memory", layer }
  }
  const path = store === undefined ? join(yield* RuntimeFolder.data, "tasks.db") : resolve(store)
  yield* RuntimeFolder.own(dirname(path), store === undefined ? "CADRE_DATA_DIR" : "CADRE_STORE")
  const { layer } = yield* Effect.promise(() => import("../store/TaskStoreSqlite.ts"))
  return { name: path, layer: layer({ path }) }
})
