/**
 * `cadre library inspect`: what a module can run, and how that differs from
 * another.
 *
 * @since 0.1.0
 */
import { Effect, FileSystem, Option, Result, Schema, type Stdio } from "effect"
import { CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { type Difference, libraryDifferences } from "../../cli/LibraryDifference.ts"
import { readJson } from "../../cli/Lines.ts"
import { durationText, plural } from "../../cli/Quantity.ts"
import { table } from "../../cli/Table.ts"
import { jsonSchema } from "../../cli/TaskText.ts"
import { LibraryDescription, type TaskDescription } from "../../task/LibraryDescription.ts"
import type { TaskDefinition } from "../../task/TaskDefinition.ts"
import { implemented, load } from "./Modules.ts"
import { note, type Output, print } from "./Root.ts"

/** What was asked for. */
export interface Options {
  readonly module: string
  readonly against: Option.Option<string>
  readonly output: Output
}

/** What `--output json` prints, and `--against` reads. */
const Saved = Schema.Struct({ libraries: Schema.Array(LibraryDescription) })

const librariesOf = Effect.fnUntraced(function*(specifier: string) {
  const found = yield* implemented(specifier, yield* load(specifier))
  return found.map(({ library }) => library)
}, Effect.scoped)

const saved = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    fs.readFileString(path),
    ({ message, reason }) => unusable(reason._tag === "NotFound" ? `There is no file ${path}` : message)
  )
  const json = readJson(text)
  if (Result.isFailure(json)) return yield* unusable(`${path}: ${json.failure}`)
  const { libraries } = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Saved)(json.success),
    ({ message }) => unusable(`${path} is not what cadre library inspect --output json prints:\n${message}`)
  )
  return libraries
})

const rowsOf = (task: TaskDefinition.Any, description: TaskDescription): ReadonlyArray<ReadonlyArray<string>> => {
  const schema = (name: string, part: Schema.Top): ReadonlyArray<ReadonlyArray<string>> => {
    const shown = jsonSchema(part)
    return shown === undefined ? [] : [["", name, JSON.stringify(shown)]]
  }
  const time = (name: string, millis: number | undefined) =>
    millis === undefined ? [] : [["", name, durationText(millis)]]
  const list = (name: string, values: ReadonlyArray<string>) =>
    values.length === 0 ? [] : [["", name, values.join(", ")]]
  return [
    ["", "fingerprint", description.fingerprint],
    ...schema("payload", task.payload),
    ...schema("success", task.success),
    ...schema("error", task.error),
    ...schema("progress", task.progress),
    ...list("requires", description.services),
    ...list("labels", description.labels),
    ...(description.demand === undefined ? [] : [["", "resources", JSON.stringify(description.demand)]]),
    ...list("limits", description.limits.map((limit) => JSON.stringify(limit))),
    ["", "delivery", description.delivery === "atMostOnce" ? "at most once" : "at least once"],
    ...list("retry", Object.entries(description.retry).map(([tag, retry]) => `${tag}: ${retry}`)),
    ...(description.attempts === undefined ? [] : [["", "attempts", String(description.attempts)]]),
    ...time("timeout", description.timeout),
    ...time("deadline", description.deadline),
    ...time("grace", description.grace),
    ...(description.priority === 0 ? [] : [["", "priority", String(description.priority)]])
  ]
}

type Libraries = Effect.Success<ReturnType<typeof librariesOf>>

const textOf = (libraries: Libraries): string =>
  libraries.map((library) => {
    const described = new Map(library.describe().tasks.map((task) => [task.name, task]))
    const tasks = [...library.tasks.values()].map((task) => {
      const description = described.get(task.name)
      return `\n${task.name}\n${description === undefined ? "" : table(rowsOf(task, description))}`
    })
    return `${library.name} ${library.version}, ${library.encoding}, ${plural(library.tasks.size, "task")}\n${
      tasks.join("\n")
    }`
  }).join("\n\n")

const taskData = (description: TaskDescription, task: TaskDefinition.Any | undefined) => {
  if (task === undefined) return description
  const { error, payload, progress, success } = task
  return {
    ...description,
    jsonSchema: {
      payload: jsonSchema(payload),
      success: jsonSchema(success),
      error: jsonSchema(error),
      progress: jsonSchema(progress)
    }
  }
}

const libraryData = (library: Libraries[number]) => {
  const description = library.describe()
  const tasks = description.tasks.map((described) => taskData(described, library.tasks.get(described.name)))
  return { ...description, tasks }
}

const dataOf = (libraries: Libraries) => libraries.map(libraryData)

const compared = Effect.fnUntraced(function*(options: Options, libraries: Libraries, against: string) {
  const there = against.endsWith(".json")
    ? yield* saved(against)
    : (yield* librariesOf(against)).map((library) => library.describe())
  const found = libraryDifferences(libraries.map((library) => library.describe()), there)
  const incompatible = found.filter(({ isIncompatible }) => isIncompatible).length
  yield* printed(options.output, found)
  if (incompatible > 0) {
    return yield* new CommandFailed({
      code: 1,
      problem: options.output === "quiet"
        ? ""
        : `Incompatible: ${plural(incompatible, "difference")} between ${options.module} (here) and ${against} (there)`
    })
  }
  if (options.output === "table") {
    yield* note(`Compatible: ${found.length === 0 ? "no difference" : plural(found.length, "difference")}`)
  }
})

const printed = (output: Output, found: ReadonlyArray<Difference>) => {
  switch (output) {
    case "table":
      return found.length === 0 ? Effect.void : print(table(found.map(({ isIncompatible, path, text }) => [
        isIncompatible ? "incompatible" : "compatible",
        path,
        text
      ])))
    case "json":
      return print(JSON.stringify(found, undefined, 2))
    case "ndjson":
      return Effect.forEach(found, (difference) => print(JSON.stringify(difference)), { discard: true })
    case "quiet":
      return Effect.void
  }
}

/** Shows it, or compares it. */
export const inspect: (
  options: Options
) => Effect.Effect<void, CommandFailed, FileSystem.FileSystem | Stdio.Stdio> = Effect.fnUntraced(function*(options) {
  const libraries = yield* librariesOf(options.module)
  if (Option.isSome(options.against)) return yield* compared(options, libraries, options.against.value)
  switch (options.output) {
    case "table":
      return yield* print(textOf(libraries))
    case "json":
      return yield* print(JSON.stringify({ libraries: dataOf(libraries) }, undefined, 2))
    case "ndjson":
      for (const library of dataOf(libraries)) {
        for (const task of library.tasks) yield* print(JSON.stringify({ library: library.name, ...task }))
      }
      return
    case "quiet":
  }
})
