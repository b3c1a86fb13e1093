import { Effect, Layer } from "effect"
import { serve } from "../../../layers/InProcessServe.ts"
import type { Options } from "../../../layers/server/ServerStored.ts"
import * as ServerStored from "../../../layers/server/ServerStored.ts"
import { Disk } from "../../../layers/store/Disk.ts"
import * as TaskStoreMemory from "../../../layers/store/TaskStoreMemory.ts"
import type { Server } from "../../../services/Server.ts"
import type { Submitter } from "../../../services/Submitter.ts"
import type { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { TaskStore } from "../../../services/TaskStore.ts"
import { InProcess } from "../../../src/main/index.ts"
import type { Runs } from "../../../src/task/TaskDefinition.ts"
import type { Stage } from "../../suites/Stage.ts"
import { JsonLive, type JsonSuite, type Suite, SuiteLive } from "../../suites/Tasks.ts"

/** A store that outlives the servers on it, and takes its time for each commit. */
export const durable = (disk?: Disk, millis = 0) => Layer.suspend(() => durableOn(disk ?? new Disk(), millis))

const durableOn = (disk: Disk, millis: number) =>
  Layer.effect(
    TaskStore,
    Effect.map(TaskStore, (store) => ({
      ...store,
      isDurable: true,
      commit: (commit) => millis === 0 ? store.commit(commit) : Effect.delay(store.commit(commit), millis)
    }))
  ).pipe(Layer.provide(TaskStoreMemory.layerOn(disk)))

/** A server on a store of its own. */
export const server = (store: Layer.Layer<TaskStore, unknown>, options: Options = {}) =>
  Layer.fresh(ServerStored.layer(options)).pipe(Layer.provide(Layer.fresh(store)), Layer.orDie)

/** Submitter and executors of the suites, with such a server between them. */
export const stage = (slots: number, store: Layer.Layer<TaskStore, unknown>) =>
  // As `InProcess.layer` says of what it gives.
  Layer.effectContext(
    serve([InProcess.executor(Layer.merge(SuiteLive, JsonLive), { slots })], {}, server(store))
  ) as Layer.Layer<
    Submitter | Server | Runs<(TaskLibrary.Tasks<typeof Suite> | TaskLibrary.Tasks<typeof JsonSuite>)["name"]>,
    never,
    Stage
  >
