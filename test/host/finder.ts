/** Finds the server, or starts it with the words that it is given, and says which it is. */
import { Effect } from "effect"
import process from "node:process"
import * as Discovery from "../../layers/host/Discovery.ts"

const [, , ...words] = process.argv

const found = await Effect.runPromise(Effect.result(Effect.gen(function*() {
  const { files, isStarted } = yield* Discovery.ensure({ words: Effect.succeed(words), variables: {} })
  return { pid: (yield* Discovery.record(files))?.pid, isStarted }
})))
process.stdout.write(JSON.stringify(found._tag === "Success" ? found.success : { error: found.failure.message }))
