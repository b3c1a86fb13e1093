import { Effect } from "effect"
import { Disk } from "../../../layers/store/Disk.ts"
import * as TaskStoreMemory from "../../../layers/store/TaskStoreMemory.ts"
import { taskStoreLaws } from "../../suites/TaskStoreSuite.ts"

taskStoreLaws(
  "TaskStoreMemory",
  Effect.sync(() => {
    const disk = new Disk()
    return { layer: (owner) => TaskStoreMemory.layerOn(disk, owner), abandon: () => disk.crash() }
  })
)
