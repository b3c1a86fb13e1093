/** The same program on every core. */
import { Executors, Program, Threads } from "cadre"
import { Console, Effect, Stream } from "effect"
import tasks, { Factor, Invert } from "./tasks.ts"

const program = Effect.gen(function*() {
  const numbers = [84, 1_000_003, 999_999_000_001].map((n) => ({ n }))
  yield* Factor.runAll(numbers, { ordered: true }).pipe(
    Stream.runForEach((outcome) =>
      Console.log(outcome.payload.n, outcome._tag === "Succeeded" ? outcome.value.join(" * ") : outcome._tag)
    )
  )
  const pixels = new Uint8Array(1_000_000)
  const inverted = yield* Invert.run({ pixels })
  yield* Console.log(`${inverted.length} pixels moved there and back; here are ${pixels.length}`)
  for (const { busy, ended, executorId } of yield* (yield* Executors).loads) {
    yield* Console.error(`${executorId} ran ${ended} tasks in ${Math.round(busy)} ms`)
  }
})

const main = Program.make(
  import.meta.url,
  program.pipe(Effect.provide(Threads.layer(tasks, { threads: 2, memory: "256 MiB" })))
)
export default main
if (import.meta.main) Program.run(main)
