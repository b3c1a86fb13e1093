/** Counts the words of every text file below a folder: a task for each file. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { InProcess } from "cadre"
import { Console, Duration, Effect, Fiber, Stream } from "effect"
import { Argument, CliConfig, CliError, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { WordCountLive } from "./handlers.ts"
import { showProgress } from "./progress.ts"
import { report, reportText } from "./report.ts"
import { Tally } from "./tally.ts"
import { CountWords } from "./tasks.ts"
import { filesBelow } from "./walk.ts"

const countWords = Effect.fnUntraced(function*(tally: Tally, folder: string) {
  let total: number | undefined
  const countFiles = Effect.map(Stream.runCount(filesBelow(folder)), (files) => {
    total = files
  })
  const counting = yield* Effect.forkScoped(countFiles)
  // With a head start: then the progress of an ordinary folder has an end in sight from the beginning.
  yield* Effect.timeoutOption(Fiber.await(counting), "300 millis")
  yield* showProgress(() => ({ files: tally.files, failed: tally.failed, total }))
  const payloads = Stream.map(filesBelow(folder), (path) => ({ path }))
  yield* Stream.runForEach(CountWords.runAll(payloads), (outcome) => Effect.sync(() => tally.add(outcome)))
}, Effect.scoped)

const folder = Argument.Directory("folder", { mustExist: true }).pipe(
  Argument.withDescription("Where to look for files; where npm has installed packages, if not given"),
  Argument.withDefault(fileURLToPath(new URL("../../node_modules", import.meta.url)))
)
const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print the result as one JSON document"),
  Flag.withDefault(false)
)

const wordCount = Command.make(
  "word-count",
  { folder, json },
  Effect.fnUntraced(function*({ folder, json }) {
    const tally = new Tally()
    yield* Console.error(`Counting the words of the files below ${folder}`)
    const [elapsed] = yield* countWords(tally, folder).pipe(
      Effect.onInterrupt(() => Console.error(`Cancelled after ${tally.files} files`)),
      Effect.timed
    )
    const result = report(tally, folder, Duration.toSeconds(elapsed))
    yield* Console.log(json ? JSON.stringify(result, null, 2) : reportText(result))
  })
).pipe(
  Command.withDescription("Counts the words of every text file below a folder."),
  Command.provide(InProcess.layer(WordCountLive))
)

// What is wrong with the arguments goes to stderr, with what to do instead of the whole help.
const presenter = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const wrong = event.errors.map((error) => error._tag === "InvalidValue" ? error.expected : error.message)
    return Console.error([...wrong, "Usage: npm start -- [--json] [FOLDER]"].join("\n"))
  }
})

Command.run(wordCount, { version: "1.0.0" }).pipe(
  Effect.catchIf(CliError.isCliError, () => Effect.sync(() => process.exitCode = 2)),
  Effect.provide([presenter, CliConfig.layer({ builtIns: [GlobalFlag.Help] }), NodeServices.layer]),
  NodeRuntime.runMain
)
