/** A program as a user writes it: its first argument says how it ends. */
import { Program } from "cadre"
import { Console, Effect, FileSystem, Schema } from "effect"

/** What it fails with. */
class Refused extends Schema.TaggedError<Refused>()("Refused", { n: Schema.Int }) {
  override get message(): string {
    return `${this.n} is refused`
  }
}

const cleanup = (millis: number) => Effect.andThen(Effect.sleep(millis), Console.log("cleaned up"))

const ends: Readonly<Record<string, Effect.Effect<unknown, unknown, Program.Services>>> = {
  value: Effect.succeed(7),
  services: Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.flatMap(fs.exists("package.json"), Console.log)),
  failure: new Refused({ n: 3 }),
  defect: Effect.die(new Error("on purpose")),
  large: Effect.sync(() => process.stdout.write("x".repeat(4_000_000))),
  open: Effect.sync(() => void setInterval(() => undefined, 1_000)),
  never: Console.log("waiting").pipe(Effect.andThen(Effect.never), Effect.onInterrupt(() => cleanup(200))),
  lingering: Console.log("waiting").pipe(Effect.andThen(Effect.never), Effect.onInterrupt(() => cleanup(60_000)))
}

const program = Program.make(import.meta.url, ends[process.argv[2] ?? ""] ?? Effect.void)
export default program
if (import.meta.main) Program.run(program)
