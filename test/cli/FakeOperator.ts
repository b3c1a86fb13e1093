/** A server that is only told of: a few hundred tasks in all states, which never change unless a test has it so. */
import { Effect, Stream } from "effect"
import type { Operator } from "../../services/Operator.ts"
import type { ScheduleRow } from "../../src/operate/Schedule.ts"
import {
  type ExecutorRow,
  NotFound,
  type Selector,
  type ServerView,
  type SubmissionRow,
  type TaskLine,
  type TaskRow,
  TaskStatus,
  type TaskView
} from "../../src/operate/View.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import type { Outcome } from "../../src/task/Outcome.ts"

/** 2026-03-05T11:00:00Z, when the fake's last task was submitted. */
export const now = Date.UTC(2026, 2, 5, 11)

const statuses = TaskStatus.literals
const perSubmission = 40
const submissions = 8
const waiting = new Set<TaskStatus>(["queued", "delayed"])
const running = new Set<TaskStatus>(["assigned", "running", "stopping", "held"])
const isEnded = (status: TaskStatus): boolean => !waiting.has(status) && !running.has(status)

/** The tasks, oldest first. */
export const rows: ReadonlyArray<TaskRow> = Array.from({ length: perSubmission * submissions }, (_, index) => {
  const status = statuses[index % statuses.length] ?? "queued"
  const submittedAt = now - (perSubmission * submissions - 1 - index) * 1_000
  return {
    id: `0.1.${index}`,
    taskName: index % 3 === 0 ? "Render" : "Factor",
    library: "maths 1.0.0",
    submission: `program/${Math.floor(index / perSubmission) + 1}`,
    status,
    epoch: waiting.has(status) ? 0 : 1,
    ...(!waiting.has(status) && { executorId: "host-1", startedAt: submittedAt + 100 }),
    ...(isEnded(status) && { endedAt: submittedAt + 350 }),
    submittedAt
  }
})

const outcomes: Partial<Record<TaskStatus, Outcome>> = {
  succeeded: {
    _tag: "Succeeded",
    value: { encoding: "json", bytes: new TextEncoder().encode("[2,3]") }
  },
  failed: { _tag: "Failed", error: { encoding: "binary", bytes: new Uint8Array(12) } },
  crashed: {
    _tag: "Crashed",
    defect: { name: "Error", message: "on \u001b[31mpurpose", stack: "Error: on purpose\n    at Factor (tasks.ts:3:4)" }
  },
  interrupted: { _tag: "Interrupted", by: "ada@host", cleanly: false },
  timedOut: { _tag: "TimedOut", after: 1_500 },
  expired: { _tag: "Expired", deadline: now },
  lost: { _tag: "Lost", executors: [{ executorId: ExecutorId.make("host-2"), reason: "SIGKILL" }] }
}

const viewOf = (row: TaskRow): TaskView => {
  const outcome = outcomes[row.status]
  return {
    ...row,
    submitter: "program",
    requirement: {
      library: "maths",
      version: "1.0.0",
      fingerprint: "f",
      taskName: row.taskName,
      services: [],
      labels: ["gpu"]
    },
    priority: 0,
    index: Number(row.id.split(".")[2]) % perSubmission,
    steps: [
      { at: row.submittedAt, kind: "Accepted", epoch: 0 },
      ...(row.startedAt === undefined
        ? []
        : [{ at: row.startedAt, kind: "Started", epoch: 1, executorId: "host-1" }]),
      ...(row.endedAt === undefined ? [] : [{ at: row.endedAt, kind: "Ended", epoch: 1, detail: row.status }])
    ],
    ...(outcome && { outcome }),
    losses: outcome?._tag === "Lost" ? outcome.executors : [],
    payloadSize: 12
  }
}

const submissionOf = (number: number): SubmissionRow => {
  const tasks = rows.filter(({ submission }) => submission === `program/${number}`)
  const count = (is: (status: TaskStatus) => boolean) => tasks.filter(({ status }) => is(status)).length
  return {
    id: `program/${number}`,
    submitter: "program",
    submittedAt: tasks[0]?.submittedAt ?? now,
    taskNames: ["Factor", "Render"],
    total: tasks.length,
    queued: count((status) => waiting.has(status)),
    running: count((status) => running.has(status)),
    succeeded: count((status) => status === "succeeded"),
    failed: count((status) => isEnded(status) && status !== "succeeded" && status !== "interrupted"),
    cancelled: count((status) => status === "interrupted"),
    isEnded: false
  }
}

const executorOf = (index: number, executorId: string, nodeId: string): ExecutorRow => ({
  executorId,
  nodeId,
  ...(index < 2 && { pid: 100 + index }),
  slots: 4,
  running: index,
  held: index,
  isDraining: index === 2,
  isConnected: true,
  libraries: ["maths 1.0.0"],
  labels: index === 0 ? ["gpu", "eu"] : [],
  services: [],
  joinedAt: now - 60_000
})

/** Its executors. */
export const executors: ReadonlyArray<ExecutorRow> = [
  executorOf(0, "host-1", "host"),
  executorOf(1, "host-2", "host"),
  executorOf(2, "other-1", "other")
]

/** The server itself. */
export const server: ServerView = {
  version: "0.1.0",
  pid: 99,
  generation: 3,
  startedAt: now - 7_500_000,
  addresses: ["unix:/run/cadre/server.sock"],
  store: "/data/tasks.sqlite",
  isDurable: true,
  isDraining: false,
  memory: 57_671_680,
  submitters: 2,
  queued: 1_234,
  running: 3,
  ended: 5_000,
  failed: 7,
  refused: 0,
  executors,
  alerts: ["No executor offers label tpu: 12 tasks wait"]
}

const lines: ReadonlyArray<TaskLine> = [
  { epoch: 1, line: { time: now, level: "INFO", message: "begun", annotations: { n: "4" } } },
  {
    epoch: 1,
    line: { time: now + 5, level: "INFO", message: "\u001b[31mred \u0007", annotations: {}, stream: "stderr" }
  },
  { epoch: 2, line: { time: now + 1_234, level: "WARN", message: "again", annotations: {}, dropped: 20 } }
]

const schedule: ScheduleRow = {
  id: "nightly",
  cron: "0 3 * * *",
  timeZone: "Europe/Rome",
  catchUp: "one",
  overlap: "skip",
  taskName: "Render",
  library: "maths 1.0.0",
  isPaused: false,
  next: now + 57_600_000,
  last: now - 28_800_000,
  lastTask: "0.1.7"
}

const isSelected = (selector: Selector) => (row: TaskRow): boolean => {
  switch (selector._tag) {
    case "All":
      return true
    case "Last":
      return row === rows.at(-1)
    case "Failed":
      return isEnded(row.status) && row.status !== "succeeded"
    case "Submission":
      return row.submission === selector.id
    case "Tasks":
      return selector.ids.includes(row.id)
  }
}

const found = <A>(value: A | undefined, what: NotFound["what"], id: string): Effect.Effect<A, NotFound> =>
  value === undefined ? Effect.fail(new NotFound({ what, id })) : Effect.succeed(value)

/** Notes what it is told; parts of it may be replaced. */
export const make = (told: Array<string> = [], parts: Partial<Operator["Service"]> = {}): Operator["Service"] => {
  const order = (what: string) => Effect.sync(() => void told.push(what))
  const rowOf = (id: string) => found(rows.find((row) => row.id === id), "task", id)
  const submission = (id: string) => {
    const number = Array.from({ length: submissions }, (_, index) => index + 1).find((n) => id === `program/${n}`)
    return Effect.map(found(number, "submission", id), submissionOf)
  }
  const scheduled = (id: string) => found(id === schedule.id ? schedule : undefined, "schedule", id)
  return {
    status: Effect.succeed(server),
    tasks: ({ below = rows.length, limit, selector, status, taskName }) =>
      Effect.sync(() => {
        told.push(`tasks ${selector._tag} ${below} ${limit}`)
        const all = rows.map((row, index) => ({ row, index })).toReversed().filter(({ index, row }) =>
          index < below && isSelected(selector)(row) && (status?.includes(row.status) ?? true) &&
          (taskName ?? row.taskName) === row.taskName
        )
        const items = all.slice(0, limit)
        const last = items.at(-1)
        return {
          items: items.map(({ row }) => row),
          ...(last && all.length > items.length && { next: last.index })
        }
      }),
    task: (id) => Effect.map(rowOf(id), viewOf),
    logs: (id) => Stream.unwrap(Effect.as(rowOf(id), Stream.fromIterable(lines))),
    explain: (id) =>
      Effect.map(rowOf(id), ({ status }) => ({
        id,
        status,
        because: ["no executor offers label tpu"],
        mend: ["cadre executor start --library tasks.ts --labels tpu"]
      })),
    cancel: (selector, by) =>
      Effect.as(order(`cancel ${JSON.stringify(selector)} ${by === "" ? "nobody" : "somebody"}`), {
        tasks: selector._tag === "Failed" ? 0 : 2,
        ids: selector._tag === "Failed" ? [] : ["0.1.1", "0.1.2"]
      }),
    retry: (selector) => Effect.as(order(`retry ${selector._tag}`), { tasks: 1, ids: ["0.1.400"] }),
    submissions: ({ below = submissions + 1, limit }) =>
      Effect.sync(() => {
        const numbers = Array.from({ length: submissions }, (_, index) => submissions - index)
        const all = numbers.filter((number) => number < below)
        const items = all.slice(0, limit)
        return { items: items.map(submissionOf), ...(all.length > items.length && { next: items.at(-1) ?? 0 }) }
      }),
    submission,
    progress: (id) => Stream.fromEffect(submission(id)),
    results: ({ after, limit, submission }) =>
      Effect.sync(() => {
        const all = rows.filter((row, index) => row.submission === submission && isEnded(row.status) && index >= after)
        const items = all.slice(0, limit)
        return {
          items: items.map(viewOf).map(({ id, index, outcome, taskName }) => ({
            id,
            taskName,
            index,
            sequence: index,
            outcome: outcome ?? { _tag: "TimedOut", after: 1 }
          }))
        }
      }),
    executors: Effect.succeed(executors),
    drainExecutor: (id, { stop }) =>
      Effect.andThen(
        order(`${stop ? "stop" : "drain"} ${id}`),
        found(executors.find(({ executorId }) => executorId === id), "executor", id)
      ),
    schedules: Effect.succeed([schedule]),
    schedule: () => Effect.succeed(schedule),
    removeSchedule: (id) => Effect.andThen(order(`remove ${id}`), scheduled(id)),
    pauseSchedule: (id, isPaused) =>
      Effect.andThen(
        order(`${isPaused ? "pause" : "resume"} ${id}`),
        Effect.map(scheduled(id), ({ next: _next, ...row }) => ({ ...row, isPaused }))
      ),
    drain: order("drain"),
    stop: ({ drain }) => order(`stop ${drain}`),
    ...parts
  }
}
