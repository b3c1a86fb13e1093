import { Effect } from "effect"
import { rmSync } from "node:fs"
import { join } from "node:path"
import * as TaskStoreSqlite from "../../../layers/store/TaskStoreSqlite.ts"
import { temporaryFolder } from "../../store/Folder.ts"
import { taskStoreLaws } from "../../suites/TaskStoreSuite.ts"

taskStoreLaws(
  "TaskStoreSqlite",
  Effect.map(temporaryFolder, (folder) => {
    const path = join(folder, "store.db")
    return {
      layer: (owner) => TaskStoreSqlite.layer({ path, ...(owner !== undefined && { owner }) }),
      // As if somebody had removed the lock while the server was running.
      abandon: () => rmSync(`${path}.lock`)
    }
  })
)
