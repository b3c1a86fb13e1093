/**
 * The commands that ask or tell a server, with their flags. What they do is
 * imported when they are called.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { all, connect, duration, follow, limit, ofSubmission, reading, status as statuses, tasks } from "./Flags.ts"
import { type Output, root } from "./Root.ts"

/** Runs what a module of commands has, once that is loaded. */
export const late = <Module, A, E, R>(
  load: () => Promise<Module>,
  run: (module: Module, output: Output) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const { output } = yield* root
    return yield* run(yield* Effect.promise(load), output)
  })

const loadTask = () => import("./task.ts")

/** `cadre status`. */
export const status = Command.make(
  "status",
  { connect },
  (options) => late(() => import("./status.ts"), ({ status }, output) => status({ ...options, output }))
).pipe(
  Command.withDescription("Shows the server: its store, its queue, its executors, and what is wrong")
)

const selection = { tasks, submission: ofSubmission, connect }

const taskList = Command.make("list", {
  ...selection,
  status: statuses,
  name: Flag.String("name").pipe(Flag.optional, Flag.withDescription("Tasks of that name")),
  limit,
  all
}, (options) => late(loadTask, (task, output) => task.list({ ...options, output }))).pipe(
  Command.withDescription("Lists tasks, the newest first"),
  Command.withExamples([
    { command: "cadre task list --status queued,running", description: "What there is to do" },
    { command: "cadre task list failed --output ndjson", description: "What has ended without success" },
    { command: "cadre task list --submission last --all", description: "All tasks of the newest submission" }
  ])
)

const taskShow = Command.make("show", {
  ...selection,
  follow: follow("Show each step as it is made, until the task has ended"),
  module: reading
}, (options) => late(loadTask, (task, output) => task.show({ ...options, output }))).pipe(
  Command.withDescription("Shows all about tasks, with every step that they made"),
  Command.withExamples([{ command: "cadre task show last --follow", description: "The newest, until it has ended" }])
)

const taskLogs = Command.make("logs", {
  ...selection,
  follow: follow("Go on until the task has ended"),
  raw: Flag.Boolean("raw").pipe(
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription("Leave control characters as they were written: they may drive the terminal")
  )
}, (options) => late(loadTask, (task, output) => task.logs({ ...options, output }))).pipe(
  Command.withDescription("Shows what tasks wrote")
)

const taskExplain = Command.make(
  "explain",
  selection,
  (options) => late(loadTask, (task, output) => task.explain({ ...options, output }))
).pipe(
  Command.withDescription("Says why a task does not run, or ended as it did, and what to do about it")
)

const taskCancel = Command.make(
  "cancel",
  selection,
  (options) => late(loadTask, (task, output) => task.cancel({ ...options, output }))
).pipe(
  Command.withDescription("Cancels tasks that have not ended, and waits until they have"),
  Command.withExamples([{ command: "cadre task cancel all", description: "All that has not ended" }])
)

const taskRetry = Command.make(
  "retry",
  selection,
  (options) => late(loadTask, (task, output) => task.retry({ ...options, output }))
).pipe(
  Command.withDescription("Hands over tasks that ended without success once more, as new ones")
)

/** `cadre task`. */
export const task = Command.make("task").pipe(
  Command.withDescription("Looks at tasks, cancels them, and hands them over again"),
  Command.withSubcommands([taskList, taskShow, taskLogs, taskExplain, taskCancel, taskRetry])
)

const submission = Argument.String("submission").pipe(Argument.withDescription("A submission's id, or last"))
const loadSubmission = () => import("./submission.ts")

const submissionList = Command.make(
  "list",
  { limit, all, connect },
  (options) => late(loadSubmission, (submission, output) => submission.list({ ...options, output }))
).pipe(Command.withDescription("Lists submissions, the newest first"))

const submissionShow = Command.make("show", {
  submission,
  results: Flag.Boolean("results").pipe(
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription("Show how each of its tasks ended")
  ),
  module: reading,
  connect
}, (options) => late(loadSubmission, (submission, output) => submission.show({ ...options, output }))).pipe(
  Command.withDescription("Shows how far a submission is")
)

const submissionWait = Command.make("wait", {
  submission,
  timeout: duration("timeout").pipe(
    Flag.withDescription("How long to wait, such as 30s or 2min; then it goes on alone, and the exit code is 4")
  ),
  progress: Flag.Boolean("progress").pipe(
    Flag.optional,
    Flag.withDescription("Show how far it is: a bar on a terminal, a line now and then elsewhere")
  ),
  connect
}, (options) => late(loadSubmission, (submission, output) => submission.wait({ ...options, output }))).pipe(
  Command.withDescription("Waits until a submission has ended; the exit code is 1 if a task of it did not succeed")
)

const submissionCancel = Command.make(
  "cancel",
  { submission, connect },
  (options) => late(loadSubmission, (submission, output) => submission.cancel({ ...options, output }))
).pipe(Command.withDescription("Cancels what has not ended of a submission, and waits until it has"))

/** `cadre submission`. */
export const submissions = Command.make("submission").pipe(
  Command.withDescription("Looks at tasks that were handed over together"),
  Command.withSubcommands([submissionList, submissionShow, submissionWait, submissionCancel])
)

const executors = Argument.String("executors").pipe(
  Argument.variadic({ min: 1 }),
  Argument.withDescription("Ids of executors, or their beginnings; or all")
)
const loadExecutor = () => import("./executor.ts")

const executorList = Command.make(
  "list",
  { connect },
  (options) => late(loadExecutor, (executor, output) => executor.list({ ...options, output }))
).pipe(Command.withDescription("Lists executors, with what they run and offer"))

const executorDrain = Command.make(
  "drain",
  { executors, connect },
  (options) => late(loadExecutor, (executor, output) => executor.drain({ ...options, output, stop: false }))
).pipe(Command.withDescription("Gives executors nothing more; what they run goes on"))

const executorStop = Command.make(
  "stop",
  { executors, connect },
  (options) => late(loadExecutor, (executor, output) => executor.drain({ ...options, output, stop: true }))
).pipe(Command.withDescription("Gives executors nothing more, and ends them when they are done"))

/** The commands of `cadre executor` that are told to a server. */
export const executorOrders = [executorList, executorDrain, executorStop] as const

const schedules = Argument.String("schedules").pipe(
  Argument.variadic({ min: 1 }),
  Argument.withDescription("Ids of schedules")
)
const loadSchedule = () => import("./schedule.ts")

const scheduleList = Command.make(
  "list",
  { connect },
  (options) => late(loadSchedule, (schedule, output) => schedule.list({ ...options, output }))
).pipe(Command.withDescription("Lists schedules, with their next and their last time"))

const scheduleRemove = Command.make(
  "remove",
  { schedules, connect },
  (options) => late(loadSchedule, (schedule, output) => schedule.remove({ ...options, output }))
).pipe(Command.withDescription("Removes schedules; tasks that they submitted are left alone"))

const pausing = (name: "pause" | "resume", isPaused: boolean, description: string) =>
  Command.make(
    name,
    { schedules, connect },
    (options) => late(loadSchedule, (schedule, output) => schedule.pause({ ...options, output, isPaused }))
  ).pipe(Command.withDescription(description))

/** `cadre schedule`. */
export const schedule = Command.make("schedule").pipe(
  Command.withDescription("Looks at what the server submits again and again; cadre submit --cron makes such"),
  Command.withSubcommands([
    scheduleList,
    scheduleRemove,
    pausing("pause", true, "Submits nothing until it is resumed; times that pass meanwhile are left out"),
    pausing("resume", false, "Goes on with schedules that are paused")
  ])
)
