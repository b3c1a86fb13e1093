/**
 * All about one task, with its story.
 *
 * @since 0.1.0
 */
import type { TaskStatus, TaskStep, TaskView } from "../operate/View.ts"
import type { Requirement } from "../task/TaskSpec.ts"
import { endingData, endingText } from "./EndingText.ts"
import { bytesText, durationText } from "./Quantity.ts"
import { facts, plain, table } from "./Table.ts"
import { distanceText, type LocalTime, preciseText, withIso } from "./TimeText.ts"

const ways: ReadonlySet<TaskStatus> = new Set(["queued", "delayed", "assigned", "running", "stopping", "held"])

/** Whether a task has ended, well or badly. */
export const isEnded = (status: TaskStatus): boolean => !ways.has(status)

const requiredText = ({ demand, labels, node, services }: Requirement): string | undefined => {
  const parts = [
    ...(labels.length > 0 ? [`labels ${labels.join(", ")}`] : []),
    ...(services.length > 0 ? [`services ${services.join(", ")}`] : []),
    ...(node === undefined ? [] : [`node ${node}`]),
    ...(demand === undefined ? [] : [`${demand.cpu} cores, ${bytesText(demand.bytes)}, ${demand.slots} slots`])
  ]
  return parts.length === 0 ? undefined : parts.join("; ")
}

const attemptText = ({ epoch, executorId }: TaskView): string | undefined =>
  epoch === 0 ? undefined : `${epoch}${executorId === undefined ? "" : ` on ${executorId}`}`

/** One step in a row: when, how long after the task was submitted, what, and where. */
export const stepCells = (
  { at, detail, epoch, executorId, kind }: TaskStep,
  since: number,
  local: LocalTime
): ReadonlyArray<string> => [
  preciseText(at, local),
  `+${durationText(Math.max(0, at - since))}`,
  kind,
  epoch === 0 ? "" : `attempt ${epoch}`,
  plain(executorId ?? ""),
  plain(detail ?? "")
]

/** The steps in a table. */
export const stepsText = (steps: ReadonlyArray<TaskStep>, since: number, local: LocalTime): string =>
  table(steps.map((step) => stepCells(step, since, local)))

const tookText = ({ endedAt, startedAt }: TaskView): string =>
  startedAt === undefined || endedAt === undefined ? "" : `, after ${durationText(Math.max(0, endedAt - startedAt))}`

/** What is known of it but for its steps. */
export const taskFacts = (task: TaskView, local: LocalTime): string => {
  const { outcome, requirement } = task
  const ending = outcome === undefined ? "" : endingText(outcome, local)
  const at = (time: number | undefined): string | undefined =>
    time === undefined ? undefined : distanceText(time, local)
  return facts([
    ["Task", `${task.id}  ${task.taskName}, ${task.library}`],
    ["Status", ending === "" ? task.status : `${task.status}: ${ending}`],
    ["Submission", `${task.submission}, index ${task.index}`],
    ["Submitter", task.submitter],
    ["Attempt", attemptText(task)],
    ["Submitted", at(task.submittedAt)],
    ["Started", at(task.startedAt)],
    ["Ended", task.endedAt === undefined ? undefined : `${distanceText(task.endedAt, local)}${tookText(task)}`],
    ["Deadline", at(task.deadline)],
    ["Requires", requiredText(requirement)],
    ["Priority", task.priority === 0 ? undefined : String(task.priority)],
    ["Payload", task.payloadSize === undefined ? undefined : bytesText(task.payloadSize)],
    ...task.losses.map(({ executorId, reason }, index) =>
      [index === 0 ? "Lost" : "", `${executorId}: ${reason}`] as const
    )
  ])
}

/** All of it for people; a crash with its stack. */
export const taskDetail = (task: TaskView, local: LocalTime): string => {
  const stack = task.outcome?._tag === "Crashed" ? task.outcome.defect.stack : undefined
  return [
    taskFacts(task, local),
    ...(stack === undefined ? [] : [stack.split("\n").map(plain).join("\n")]),
    ...(task.steps.length === 0 ? [] : [stepsText(task.steps, task.submittedAt, local)])
  ].join("\n\n")
}

/** All of it as JSON data. */
export const taskDetailData = ({ outcome, steps, ...task }: TaskView) => ({
  ...withIso(task, ["submittedAt", "startedAt", "endedAt", "deadline"]),
  steps: steps.map((step) => withIso(step, ["at"])),
  ...(outcome !== undefined && { outcome: endingData(outcome) })
})
