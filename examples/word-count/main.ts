/** Counts the words of every text file below a folder, on worker threads: a task for each file. */
import { InProcess, Local, Program, Threads } from "cadre"
import { Console, Effect, Fiber, Option, Stream } from "effect"
import { Argument, CliConfig, CliError, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import { availableParallelism } from "node:os"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { measured } from "./busy.ts"
import { compare, compareText, runsOfAll, slots } from "./compare.ts"
import { countFiles } from "./count.ts"
import tasks, { WordCountLive } from "./handlers.ts"
import { type Progress, showProgress } from "./progress.ts"
import { report, reportText } from "./report.ts"
import { Tally } from "./tally.ts"
import { WordCount } from "./tasks.ts"
import { filesBelow } from "./walk.ts"

const count = Effect.fnUntraced(function*(tally: Tally, folder: string) {
  let total: number | undefined
  const countTotal = Effect.map(Stream.runCount(filesBelow(folder)), (files) => {
    total = files
  })
  const counting = yield* Effect.forkScoped(countTotal)
  // With a head start: then the progress of an ordinary folder has an end in sight from the beginning.
  yield* Effect.timeoutOption(Fiber.await(counting), "300 millis")
  yield* showProgress(() => ({ files: tally.files, failed: tally.failed, total }))
  return yield* measured(countFiles(filesBelow(folder), tally))
}, Effect.scoped)

const countOnce = Effect.fnUntraced(function*(folder: string, json: boolean) {
  const tally = new Tally()
  yield* Console.error(`Counting the words of the files below ${folder}`)
  const { busy, seconds } = yield* count(tally, folder).pipe(
    Effect.onInterrupt(() => Console.error(`Cancelled after ${tally.files} files`))
  )
  const result = report(tally, folder, seconds, busy)
  yield* Console.log(json ? JSON.stringify(result, null, 2) : reportText(result))
})

const countAndCompare = Effect.fnUntraced(function*(folder: string, most: number, json: boolean) {
  const files = yield* Stream.runCollect(filesBelow(folder))
  yield* Console.error(`Counting the words of ${files.length} files below ${folder} ${runsOfAll} times`)
  const progress: { -readonly [K in keyof Progress]: Progress[K] } = {
    files: 0,
    failed: 0,
    total: files.length * runsOfAll
  }
  yield* showProgress(() => progress)
  const rows = yield* compare(files, most, (counted) => {
    progress.files = counted
  }).pipe(Effect.onInterrupt(() => Console.error(`Cancelled after ${progress.files} files`)))
  yield* Console.log(
    json ? JSON.stringify({ folder, files: files.length, rows }, null, 2) : compareText(rows, files.length)
  )
}, Effect.scoped)

const folder = Argument.Directory("folder", { mustExist: true }).pipe(
  Argument.withDescription("Where to look for files; where npm has installed packages, if not given"),
  Argument.withDefault(fileURLToPath(new URL("../../node_modules", import.meta.url)))
)
const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print the result as one JSON document"),
  Flag.withDefault(false)
)
const threads = Flag.Int("threads").pipe(
  Flag.filter((threads) => threads >= 1 && threads <= 256, (threads) => `a number from 1 to 256, not ${threads}`),
  Flag.withDescription("How many worker threads count; as many as the machine has cores, if not given"),
  Flag.optional
)
const inProcess = Flag.Boolean("in-process").pipe(
  Flag.withDescription("Count in this thread alone"),
  Flag.withDefault(false)
)
const server = Flag.Boolean("server").pipe(
  Flag.withDescription("Have the server of this machine count, which is started if there is none"),
  Flag.withDefault(false)
)
const comparing = Flag.Boolean("compare").pipe(
  Flag.withDescription("Count several times, with one thread and with all, and print how much faster all are"),
  Flag.withDefault(false)
)

const usage = "Usage: npm start -- [--json] [--threads N | --in-process] [--server | --compare] [FOLDER]"

/** Says what is wrong with the arguments, and what to do instead of the whole help. */
const misused = (...wrong: ReadonlyArray<string>) => Console.error([...wrong, usage].join("\n"))

const exit = Effect.sync(() => process.exit(2))

const wordCount = Command.make(
  "word-count",
  { folder, json, threads, inProcess, comparing, server },
  Effect.fnUntraced(function*({ comparing, folder, inProcess, json, server, threads }) {
    const cores = availableParallelism()
    if (inProcess && (comparing || Option.isSome(threads))) {
      yield* misused("--in-process has no threads: leave out --threads and --compare")
      return yield* exit
    }
    if (server && (comparing || inProcess)) {
      yield* misused("--server has others count: leave out --in-process and --compare")
      return yield* exit
    }
    if (comparing) {
      const most = Option.getOrElse(threads, () => Math.max(2, cores))
      if (most > 1) return yield* countAndCompare(folder, most, json)
      yield* misused("--compare compares one thread with several: --threads must be 2 or more")
      return yield* exit
    }
    const counted = countOnce(folder, json)
    if (inProcess) return yield* Effect.provide(counted, InProcess.layer(WordCountLive))
    if (server) {
      // The server starts threads for the module in a process of its own, and ends that when nobody needs it any more.
      const limit = Option.match(threads, { onNone: () => ({}), onSome: (threads) => ({ threads }) })
      return yield* Effect.provide(counted, Local.layer(WordCount, { module: tasks, slots, ...limit }))
    }
    const layer = Threads.layer(tasks, { threads: Option.getOrElse(threads, () => cores), slots })
    return yield* Effect.provide(counted, layer)
  })
).pipe(Command.withDescription("Counts the words of every text file below a folder."))

const presenter = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    return misused(
      ...event.errors.map((error) =>
        error._tag === "InvalidValue"
          ? `${error.kind === "flag" ? "--" : ""}${error.option}: ${error.expected}`
          : error.message
      )
    )
  }
})

const program = Program.make(
  import.meta.url,
  Command.run(wordCount, { version: "1.0.0" }).pipe(
    Effect.catchIf(CliError.isCliError, () => exit),
    Effect.provide([presenter, CliConfig.layer({ builtIns: [GlobalFlag.Help] })])
  )
)

export default program

if (import.meta.main) Program.run(program)
