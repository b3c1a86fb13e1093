/** How soon a program that finds no server has one, and how much memory that takes when nothing is to be done. */
import { ConfigProvider, Effect } from "effect"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Entries from "../../layers/host/Entries.ts"
import * as LocalServer from "../../layers/host/LocalServer.ts"
import { parseRecord } from "../../src/host/ServerRecord.ts"
import { type Figure, median } from "../Figure.ts"
import { output } from "../NodeProcess.ts"
import { kill } from "../server/House.ts"
import { folder, memoryOf } from "../server/Processes.ts"
import { shipped } from "../server/Shipped.ts"

const elapsed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => performance.now() - start)
  })

/** The server keeps its tasks on disk, as it does where nobody says otherwise. */
export const serverStart: Figure = {
  name: "server-start",
  description:
    "the local server, as it is published: started by a program that finds none, and idle; against node -e 0",
  measure: Effect.fnUntraced(function*(profile) {
    const isQuick = profile === "quick"
    const path = yield* folder
    const [run, cache] = [join(path, "run"), join(path, "cache")]
    // In a smoke run the sources, which are there.
    const home = isQuick ? yield* shipped : new URL("../../src/main/", import.meta.url).href
    mkdirSync(join(cache, "cadre/bundles"), { recursive: true, mode: 0o700 })
    const variables = { CADRE_RUNTIME_DIR: run, CADRE_DATA_DIR: join(path, "data"), XDG_CACHE_HOME: cache }
    const connect = LocalServer.connect({ name: "bench", roles: ["submitter"], autoStart: true, variables }).pipe(
      Effect.scoped,
      Effect.provideService(Entries.Home, home),
      Effect.provideService(Entries.Cache, { folder: join(cache, "cadre/bundles") }),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables }))
    )
    const record = join(run, "server.json")
    const pid = () => existsSync(record) ? parseRecord(readFileSync(record, "utf8"))?.pid ?? 0 : 0
    const end = Effect.sync(() => {
      // Zero would be all of this group.
      if (pid() > 0) kill(pid())
    })
    yield* Effect.addFinalizer(() => end)
    const times: { readonly node: Array<number>; readonly server: Array<number> } = { node: [], server: [] }
    for (let round = 0; round < (isQuick ? 9 : 1); round++) {
      yield* end
      const node = yield* elapsed(output("-e", "0"))
      const server = yield* elapsed(connect)
      if (isQuick && round < 2) {
        // What the engine compiled is kept a while after the start.
        yield* Effect.sleep(1_500)
        continue
      }
      times.node.push(node)
      times.server.push(server)
    }
    yield* Effect.sleep(isQuick ? 2_000 : 10)
    const [all, share] = [memoryOf(pid(), true), memoryOf(pid())]
    const node = median(times.node)
    return [
      {
        name: "a server where there was none",
        measured: median(times.server),
        unit: "ms",
        target: { atMost: 6 * node },
        against: { name: "node -e 0", measured: node }
      },
      {
        name: "that server, idle",
        measured: all / 1e6,
        unit: "MB",
        target: { atMost: 80 },
        against: { name: "its share of it", measured: share / 1e6 }
      }
    ]
  }, Effect.scoped)
}
