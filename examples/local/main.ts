/** A program whose tasks go to the server of this machine, which is started if it is not there. */
import { Local, Program } from "cadre"
import { Console, Effect, Stream } from "effect"
import tasks, { Factor, Maths } from "./tasks.ts"

const program = Factor.runAll([84, 1_000_003, 999_999_000_001].map((n) => ({ n })), { ordered: true }).pipe(
  Stream.runForEach((outcome) =>
    Console.log(outcome.payload.n, outcome._tag === "Succeeded" ? outcome.value.join(" * ") : outcome._tag)
  )
)

const main = Program.make(
  import.meta.url,
  program.pipe(Effect.provide(Local.layer(Maths, { module: tasks })))
)
export default main
if (import.meta.main) Program.run(main)
