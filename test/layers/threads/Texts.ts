/** Task modules that threads cannot use, or not as they are. */
const head = `
  import { Task, TaskLibrary, TaskModule, Threads } from "cadre"
  import { Context, Effect, Layer, Schema } from "effect"
  import { existsSync, writeFileSync } from "node:fs"
  import { tmpdir } from "node:os"
  import { join } from "node:path"
  const Ping = Task.make("Ping")
  const library = TaskLibrary.make("suite", { version: "1.0.0" }, Ping)
  const live = library.toLayer({ Ping: () => Effect.void })
  const module = TaskModule.make(import.meta.url, live)
`
/** By name. */
export const texts = {
  throws: `${head} throw new RangeError("no luck")`,
  exits: `${head} process.exit(7)`,
  // It is caught by nobody while the import goes on.
  rejects:
    `${head} void Promise.reject(new RangeError("no luck")); await new Promise((resume) => setTimeout(resume, 5000))
    export default module`,
  fails: `${head} export default TaskModule.make(import.meta.url, Layer.merge(live, Layer.effectDiscard(
    Effect.fail(new Error("no database at port 1")))))`,
  lacks: `${head} class Db extends Context.Service()("app/Db") {}
    export default TaskModule.make(import.meta.url, Layer.merge(live, Layer.effectDiscard(Effect.asVoid(Db))))`,
  // Handlers ask when they run.
  misses: `${head} class Db extends Context.Service()("app/Db") {}
    export default TaskModule.make(import.meta.url, library.toLayer({ Ping: () => Effect.asVoid(Db) }))`,
  bomb: `${head} await Effect.runPromise(Effect.provide(Ping.run(), Threads.layer(module, { threads: 1 })))
    export default module`,
  differs:
    `${head} const Echo = Task.make("Echo", { payload: { n: Schema.Struct({ deep: Schema.String }) }, success: Schema.Int })
    export default TaskModule.make(import.meta.url,
      TaskLibrary.make("suite", { version: "1.0.0" }, Ping, Echo).toLayer({ Ping: () => Effect.void, Echo: () => Effect.succeed(1) }))`,
  twice: `${head} export default TaskModule.make(import.meta.url,
    TaskLibrary.make("other", { version: "1.0.0" }, Ping).toLayer({ Ping: () => Effect.void }))`,
  // Ends soon after its first start.
  frail: `${head} import process from "node:process"
    const flag = new URL("./frail", import.meta.url)
    if (!existsSync(flag)) { writeFileSync(flag, ""); setTimeout(() => process.exit(5), 100) }
    export default module`
}
