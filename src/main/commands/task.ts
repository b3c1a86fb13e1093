/**
 * `cadre task`: what tasks there are, what became of them, and why.
 *
 * @since 0.1.0
 */
import { Effect, Option, Result, type Stdio, Stream } from "effect"
import { hostname, userInfo } from "node:os"
import process from "node:process"
import type { Operator } from "../../../services/Operator.ts"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { logData, logText } from "../../cli/LogText.ts"
import { plural } from "../../cli/Quantity.ts"
import { reasonText } from "../../cli/ReasonText.ts"
import { isMany, readSelector, readStatuses } from "../../cli/Selection.ts"
import { isEnded, stepsText, taskDetail, taskDetailData, taskFacts } from "../../cli/TaskDetail.ts"
import { taskData, taskList } from "../../cli/TaskList.ts"
import { withIso } from "../../cli/TimeText.ts"
import type { Affected, Selector, TaskStatus, TaskView } from "../../operate/View.ts"
import { type Answer, withOperator } from "./Connecting.ts"
import { type Legible, legible } from "./Legible.ts"
import { localTime } from "./LocalZone.ts"
import { note, type Output, print, printAll } from "./Root.ts"
import { paged, printOne, printPages } from "./Rows.ts"

/** Which tasks were asked for, and how they are shown. */
export interface Options {
  readonly connect: Option.Option<string>
  readonly output: Output
  readonly tasks: ReadonlyArray<string>
  readonly submission: Option.Option<string>
}

/** How many tasks are shown where a selector means more. */
const most = 20

type Service = Operator["Service"]

/** The id of the newest submission. */
export const newestSubmission = (operator: Service) =>
  Effect.flatMap(
    operator.submissions({ limit: 1 }),
    ({ items: [row] }) =>
      row === undefined ? Effect.fail(unusable("There are no submissions yet")) : Effect.succeed(row.id)
  )

/** Asks the server about what the words select, if they can be read; a submission may be the last one. */
const withSelected = <A, R>(
  { connect, submission, tasks }: Options,
  use: (operator: Service, selector: Selector) => Effect.Effect<A, Answer, R>,
  otherwise?: Selector
) => {
  const read = readSelector(tasks, Option.getOrUndefined(submission), otherwise)
  if (Result.isFailure(read)) return Effect.fail(unusable(read.failure))
  const selector = read.success
  return withOperator(connect, (operator) =>
    selector._tag === "Submission" && selector.id === "last"
      ? Effect.flatMap(newestSubmission(operator), (id) => use(operator, { _tag: "Submission", id }))
      : use(operator, selector))
}

/** Their ids, the newest first unless they were named. */
const idsOf = Effect.fnUntraced(function*(operator: Service, selector: Selector) {
  if (selector._tag === "Tasks") return selector.ids
  const { items, next } = yield* operator.tasks({ selector, limit: selector._tag === "Last" ? 1 : most })
  if (items.length === 0) {
    return yield* unusable(selector._tag === "Failed" ? "No task has failed" : "There are no such tasks")
  }
  if (next !== undefined && selector._tag !== "Last") {
    yield* note(`The newest ${most} of them; cadre task list shows which there are`)
  }
  return items.map(({ id }) => id)
})

/** Something for each of the tasks that were asked for, one after the other. */
const forEach = <R>(
  options: Options,
  each: (operator: Service, id: string, isMany: boolean) => Effect.Effect<void, Answer, R>
) =>
  withSelected(options, (operator, selector) =>
    Effect.gen(function*() {
      for (const id of yield* idsOf(operator, selector)) yield* each(operator, id, isMany(selector))
    }))

/** As `forEach`, for one thing to print of each. */
const printEach = (
  options: Options,
  read: (operator: Service, id: string) => Effect.Effect<{ readonly text: string; readonly data: unknown }, Answer>
) => {
  const { output } = options
  const all: Array<unknown> = []
  let isFirst = true
  let several = false
  const each = Effect.fnUntraced(function*(operator: Service, id: string, isMany: boolean) {
    several = isMany
    const { data, text } = yield* read(operator, id)
    if (output === "json") all.push(data)
    else yield* printOne(output, isFirst ? text : `\n${text}`, data)
    isFirst = false
  })
  const end = Effect.suspend(() =>
    output === "json" ? print(JSON.stringify(several ? all : all[0], undefined, 2)) : Effect.void
  )
  return Effect.andThen(forEach(options, each), end)
}

const taskRows = { list: taskList, data: taskData, noun: "such tasks" }

/** What a list is of. */
export interface ListOptions extends Options {
  /** Each one, or several with commas between. */
  readonly status: ReadonlyArray<string>
  readonly name: Option.Option<string>
  readonly limit: number
  readonly all: boolean
}

/** `cadre task list`. */
export const list = (options: ListOptions): Effect.Effect<void, CommandFailed, Stdio.Stdio> => {
  const status: Array<TaskStatus> = []
  for (const text of options.status) {
    const read = readStatuses(text)
    if (Result.isFailure(read)) return Effect.fail(unusable(`--status: ${read.failure}`))
    status.push(...read.success)
  }
  return withSelected(options, (operator, selector) =>
    Effect.gen(function*() {
      const { all, limit, name, output } = options
      const filter = {
        selector,
        ...(status.length > 0 && { status }),
        ...(Option.isSome(name) && { taskName: name.value })
      }
      const { isCut, pages } = paged(
        all ? undefined : selector._tag === "Last" ? 1 : limit,
        (query) => operator.tasks({ ...filter, ...query })
      )
      yield* printPages(output, taskRows, pages)
      if (isCut() && output === "table" && selector._tag !== "Last") {
        yield* note(`The newest ${plural(limit, "task")}; --all shows all of them`)
      }
    }), { _tag: "All" })
}

/** A task, with an outcome that can be read as far as that goes. */
const taskOf = (operator: Service, id: string, read: Legible) =>
  Effect.flatMap(operator.task(id), (task) =>
    task.outcome === undefined
      ? Effect.succeed(task)
      : Effect.map(read(task.outcome, task.taskName), (outcome) => ({ ...task, outcome })))

const detailOf = (read: Legible) => (operator: Service, id: string) =>
  Effect.gen(function*() {
    const task = yield* taskOf(operator, id, read)
    return { text: taskDetail(task, yield* localTime), data: taskDetailData(task) }
  })

/** Prints a task, then each of its steps as it is made, until it has ended. */
const followOne = Effect.fnUntraced(function*(operator: Service, id: string, output: Output, read: Legible) {
  let told = 0
  let isFirst = true
  const tell = Effect.fnUntraced(function*(task: TaskView) {
    const local = yield* localTime
    const steps = task.steps.slice(told)
    told = task.steps.length
    if (output === "table") {
      if (isFirst) yield* print(`${taskFacts(task, local)}\n`)
      if (steps.length > 0) yield* print(stepsText(steps, task.submittedAt, local))
      if (isEnded(task.status)) yield* print(`\n${taskFacts(task, local)}`)
    } else if (output === "ndjson") {
      for (const step of steps) yield* print(JSON.stringify({ taskId: id, ...withIso(step, ["at"]) }))
    }
    isFirst = false
    return isEnded(task.status)
  })
  for (;;) {
    const task = yield* taskOf(operator, id, read)
    if (yield* tell(task)) {
      if (output === "json") yield* print(JSON.stringify(taskDetailData(task), undefined, 2))
      return
    }
    yield* Effect.sleep("500 millis")
  }
})

/** `cadre task show`. */
export const show = (
  options: Options & { readonly follow: boolean; readonly module: Option.Option<string> }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  Effect.flatMap(legible(options.module), (read) => {
    if (!options.follow) return printEach(options, detailOf(read))
    return forEach(options, (operator, id, isMany) =>
      isMany
        ? Effect.fail(unusable("--follow is for one task: name it, or write last"))
        : followOne(operator, id, options.output, read))
  })

/** `cadre task explain`. */
export const explain = (options: Options): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  printEach(
    options,
    (operator, id) => Effect.map(operator.explain(id), (reason) => ({ text: reasonText(reason), data: reason }))
  )

/** `cadre task logs`. */
export const logs = (
  options: Options & { readonly follow: boolean; readonly raw: boolean }
): Effect.Effect<void, CommandFailed, Stdio.Stdio> => {
  const { follow, output, raw } = options
  let isFirst = true
  const each = Effect.fnUntraced(function*(operator: Service, id: string, isMany: boolean) {
    const how = { local: yield* localTime, isRaw: raw, hasColours: process.stdout.isTTY }
    let lines = 0
    const texts = operator.logs(id, { follow }).pipe(
      Stream.chunks,
      Stream.map((piece) => {
        let text = ""
        for (const line of piece) {
          lines++
          if (output === "table") text += `${logText(line, { ...how, ...(isMany && { id }) })}\n`
          else if (output === "ndjson") text += `${JSON.stringify(logData(line, id))}\n`
          else if (output === "json") text += `${isFirst ? "[\n" : ",\n"}${JSON.stringify(logData(line, id))}`
          isFirst = false
        }
        return text
      })
    )
    yield* printAll(texts)
    if (lines === 0 && output === "table") yield* note(`Task ${id} has written nothing`)
  })
  const end = Effect.suspend(() => output === "json" ? print(isFirst ? "[]" : "\n]") : Effect.void)
  return Effect.andThen(forEach(options, each), end)
}

/** Who gives an order, as others will read it. */
const orderer = (): string => {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    // A user without a name, as in some containers.
    return hostname()
  }
}

const orderData = ({ ids, tasks }: Affected) => ({ tasks, ids })

/** Tells what an order reached. */
const tellOrder = Effect.fnUntraced(function*(
  output: Output,
  affected: Affected,
  done: string,
  none: string
): Effect.fn.Return<void, CommandFailed, Stdio.Stdio> {
  if (output === "json" || output === "ndjson") return yield* printOne(output, "", orderData(affected))
  if (output === "quiet") return
  yield* note(affected.tasks === 0 ? none : `${plural(affected.tasks, "task")} ${done}`)
  if (affected.ids.length > 0) yield* print(affected.ids.join("\n"))
})

const order = (
  options: Options,
  give: (operator: Service, selector: Selector) => Effect.Effect<Affected, Answer>,
  done: string,
  none: string
) =>
  withSelected(options, (operator, selector) =>
    Effect.gen(function*() {
      const affected = yield* give(operator, selector)
      yield* tellOrder(options.output, affected, done, none)
    }))

/** `cadre task cancel`. */
export const cancel = (options: Options): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  order(
    options,
    (operator, selector) => operator.cancel(selector, orderer()),
    "cancelled",
    "Nothing was cancelled: all of it had ended"
  )

/** `cadre task retry`. */
export const retry = (options: Options): Effect.Effect<void, CommandFailed, Stdio.Stdio> =>
  order(
    options,
    (operator, selector) => operator.retry(selector),
    "handed over again",
    "Nothing was handed over again: none of it has ended without success"
  )
