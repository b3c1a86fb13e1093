/**
 * `cadre submit` with its flags. What it does is imported when it is called.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as ByteSize from "effect/ByteSize"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { bundle, connect, duration, module, positive } from "./Flags.ts"
import { root } from "./Root.ts"

const payloads = {
  payload: Flag.String("payload").pipe(
    Flag.optional,
    Flag.withMetavar("JSON|@FILE"),
    Flag.withDescription("The payload as JSON, or the file that it is in")
  ),
  from: Flag.String("from").pipe(
    Flag.optional,
    Flag.withMetavar("FILE|-"),
    Flag.withDescription("Payloads, one JSON value a line, from a file or standard input; a task for each")
  ),
  onBadLine: Flag.Literals("on-bad-line", ["stop", "skip"]).pipe(
    Flag.withDefault("stop"),
    Flag.withDescription("What a line that is no payload does: stop, after all before it have ended, or be skipped")
  )
}

const place = {
  connect,
  inProcess: Flag.Boolean("in-process").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Run tasks in this process, without a server: as fibers, or with --threads in worker threads")
  ),
  threads: positive("threads").pipe(
    Flag.optional,
    Flag.withDescription("How many worker threads run tasks")
  ),
  memory: Flag.String("memory").pipe(
    Flag.filterMap(ByteSize.fromString, (text) => `Expected a size such as 256MiB or "2 GB", got ${text}`),
    Flag.optional,
    Flag.withMetavar("SIZE"),
    Flag.withDescription("What a worker thread may use, such as 256MiB; one that uses more is ended, and replaced")
  )
}

const what = {
  results: Flag.Boolean("results").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Print how each task of --from ended, as it ends")
  ),
  follow: Flag.Boolean("follow").pipe(
    Flag.withAlias("f"),
    Flag.optional,
    Flag.withDescription("Show what tasks log; without a word, that of a single task")
  ),
  detach: Flag.Boolean("detach").pipe(
    Flag.withAlias("d"),
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription("Hand the tasks over, print the submission's id, and leave")
  ),
  progress: Flag.Boolean("progress").pipe(
    Flag.optional,
    Flag.withDescription("Show how far it is: a bar on a terminal, a line now and then elsewhere")
  ),
  timeout: duration("timeout").pipe(
    Flag.withDescription("How long all of it may take, such as 30s or 2min; then it is cancelled")
  ),
  concurrency: positive("concurrency").pipe(
    Flag.optional,
    Flag.withDescription("How many tasks of --from may be under way at once")
  )
}

const how = {
  name: Flag.String("name").pipe(
    Flag.filter(
      (name) => /^[\w.-]{1,60}$/.test(name),
      (name) => `Expected up to 60 letters, digits, dots, dashes and underscores, got ${name}`
    ),
    Flag.optional,
    Flag.withDescription("What the submission's id begins with; the id of the schedule with --cron")
  ),
  priority: Flag.Int("priority").pipe(
    Flag.optional,
    Flag.withDescription("Higher goes first; 0, or what the task says")
  ),
  delay: duration("delay").pipe(Flag.withDescription("How long the tasks are held back")),
  deadline: duration("deadline").pipe(Flag.withDescription("How long after they were handed over the tasks expire")),
  after: Flag.String("after").pipe(
    Flag.atLeast(0),
    Flag.withMetavar("TASK"),
    Flag.withDescription("The id of a task that must have succeeded before; may be given several times")
  ),
  whenUnmet: Flag.Literals("when-unmet", ["fail", "wait"]).pipe(
    Flag.withDefault("fail"),
    Flag.withDescription("Where no executor can run the tasks: fail at once, or wait for one")
  ),
  label: Flag.String("label").pipe(
    Flag.atLeast(0),
    Flag.withDescription("A label that the executor must carry; may be given several times")
  )
}

const when = {
  cron: Flag.String("cron").pipe(
    Flag.optional,
    Flag.withMetavar("CRON"),
    Flag.withDescription("Submit the task again and again, such as \"0 3 * * *\" for three o'clock each day")
  ),
  timeZone: Flag.String("time-zone").pipe(
    Flag.optional,
    Flag.withMetavar("ZONE"),
    Flag.withDescription("Where --cron is meant, such as Europe/Rome; the local time zone where absent")
  ),
  catchUp: Flag.Literals("catch-up", ["none", "one", "all"]).pipe(
    Flag.optional,
    Flag.withDescription("Of times of --cron at which no server ran: none is made up for (as usual), one, or all")
  ),
  overlap: Flag.Literals("overlap", ["skip", "queue", "cancel"]).pipe(
    Flag.optional,
    Flag.withDescription(
      "When the task of the time before has not ended: skip this one (as usual), queue it, or cancel that"
    )
  )
}

/** `cadre submit`. */
export const submit = Command.make("submit", {
  module,
  task: Argument.String("task").pipe(Argument.withDescription("The name of one of its tasks")),
  ...payloads,
  ...place,
  ...what,
  ...how,
  ...when,
  bundle
}, (options) =>
  Effect.gen(function*() {
    const { output } = yield* root
    const implementation = yield* Effect.promise(() => import("./submit.ts"))
    yield* implementation.submit({ ...options, output })
  })).pipe(
    Command.withDescription(
      "Hands over a task, or one for each line of a file, and tells how it ended. The server of this machine has it run, " +
        "and is started if there is none; or the one at --connect; or this process with --in-process."
    ),
    Command.withShortDescription("Runs a task, or one for each line of a file"),
    Command.withExamples([
      {
        command: "cadre submit tasks.ts Factor --payload '{\"n\": 84}'",
        description: "One task; its result is printed"
      },
      { command: "cadre submit tasks.ts Factor --from numbers.ndjson --results", description: "A task for each line" },
      {
        command: "cadre submit tasks.ts Factor --from numbers.ndjson --detach",
        description: "The same without waiting; cadre submission wait does"
      },
      {
        command: "cadre submit tasks.ts Report --cron \"0 3 * * *\" --time-zone Europe/Rome",
        description: "At three o'clock each day; cadre schedule list shows it"
      },
      {
        command: "cadre submit standard Echo --payload '{\"value\": 1}' --in-process",
        description: "A task of the standard library, without any server"
      }
    ])
  )
