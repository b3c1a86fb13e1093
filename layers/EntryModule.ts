/**
 * Loads the modules that people write for Cadre to start: their default export
 * is a `TaskModule` or a `Program`, and importing them has no effect.
 *
 * @since 0.1.0
 */
import { Data, Effect, Layer, Predicate } from "effect"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Program } from "../services/Program.ts"
import { TaskModule } from "../services/TaskModule.ts"
import { mapped } from "./MappedStack.ts"

/** A module that cannot be used as it is: which, why, and what to do about it. */
export class EntryModuleInvalid extends Data.TaggedError("EntryModuleInvalid")<{
  /** What was to be loaded, as an URL. */
  readonly url: string
  readonly problem: string
}> {
  override get message(): string {
    return `${pathOf(this.url)}: ${this.problem}`
  }
}

/** What a module exports, and what importing it did that it should not have done. */
export interface Loaded<out A> {
  readonly exported: A
  /** One sentence for each; empty for a module that is as it should be. */
  readonly effects: ReadonlyArray<string>
}

/** Milliseconds after which a module that still awaits something while it is imported is given up. */
const patience = 30_000

const pathOf = (url: string): string => url.startsWith("file:") ? fileURLToPath(url) : url

const isError = (value: unknown): value is Error & { readonly code?: unknown } => value instanceof Error

/** Why a module could not be imported, in words. */
const reasonOf = (error: unknown): string => {
  if (!isError(error)) return `It threw ${String(error)} when it was imported`
  const { code, message, name } = error
  const where = error.stack?.split("\n").find((line) => line.includes("file:") && !line.includes("/node_modules/"))
    ?.trim()
  switch (code) {
    case "ERR_MODULE_NOT_FOUND":
    case "ERR_PACKAGE_PATH_NOT_EXPORTED":
    case "ERR_UNSUPPORTED_DIR_IMPORT":
      return `${message}. Relative imports name the file with its ending, such as "./tasks.ts"; packages must be installed`
    case "ERR_UNKNOWN_FILE_EXTENSION":
      return "It is neither JavaScript nor TypeScript: name a .ts, .mts, .js or .mjs file"
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return `${message}. Node only takes types away: write enums and parameter properties as plain JavaScript`
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return "Node runs no TypeScript from node_modules: the package must be built to JavaScript"
    default:
      return `${name === "SyntaxError" ? "It is not valid" : "It threw when it was imported"}: ${name}: ${message}${
        where === undefined ? "" : ` (${mapped(where)})`
      }`
  }
}

/** What an export is that is neither a module nor a program, and how to make it one. */
const insteadOf = (exported: unknown, names: ReadonlyArray<string>): string => {
  const wanted = "export default TaskModule.make(import.meta.url, <the Layer of toLayer>)"
  if (exported === undefined) {
    const found = names.length === 0 ? "It exports nothing" : `It has no default export, only ${names.join(", ")}`
    return `${found}: write ${wanted}, or Program.make(import.meta.url, <an Effect>)`
  }
  if (Layer.isLayer(exported)) return `Its default export is a bare Layer: write ${wanted}`
  if (Effect.isEffect(exported)) {
    return "Its default export is a bare Effect: write export default Program.make(import.meta.url, <the Effect>)"
  }
  if (Predicate.hasProperty(exported, "toLayer")) {
    return `Its default export is a TaskLibrary, which has no handlers: implement it with toLayer, then ${wanted}`
  }
  return `Its default export is ${
    exported === null ? "null" : `a ${typeof exported}`
  }, neither a TaskModule nor a Program: write ${wanted}`
}

/** Whether it was made with another copy of `effect`: all Layers of one share their prototype. */
const isForeign = (exported: TaskModule.Any | Program.Any): boolean =>
  TaskModule.is(exported) && Object.getPrototypeOf(exported.provides) !== Object.getPrototypeOf(Layer.empty)

const imported = (url: string) =>
  Effect.tryPromise({
    try: () => import(url) as Promise<Readonly<Record<string, unknown>>>,
    catch: (error) => new EntryModuleInvalid({ url, problem: reasonOf(error) })
  }).pipe(Effect.timeoutOrElse({
    duration: patience,
    orElse: () =>
      Effect.fail(
        new EntryModuleInvalid({
          url,
          problem: `It was still being imported after ${patience / 1_000} s: is there an await at its top level?`
        })
      )
  }))

/** Counts what would keep the process alive, by kind. */
const resources = (): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** Kinds that importing a module by itself may leave behind for a moment, or that the caller has. */
const ordinary = new Set([
  "Immediate",
  "FSReqPromise",
  "FSReqCallback",
  "MessagePort",
  "TTYWrap",
  "PipeWrap",
  "Timeout"
])

/**
 * Imports a module and gives its default export. The module is imported in this
 * very thread: whatever it does wrong, it does here.
 */
export const load = Effect.fnUntraced(function*(url: string) {
  const before = resources()
  const namespace = yield* imported(url)
  const exported = namespace["default"]
  if (!TaskModule.is(exported) && !Program.is(exported)) {
    const names = Object.keys(namespace).filter((name) => name !== "default")
    return yield* new EntryModuleInvalid({ url, problem: insteadOf(exported, names) })
  }
  if (isForeign(exported)) {
    return yield* new EntryModuleInvalid({
      url,
      problem: "It was made with another copy of `effect` than the one that runs it. There must be one: " +
        "`npm ls effect` shows who brought which, `npm dedupe` or the same version in every package.json mends it"
    })
  }
  const effects = [...resources()].flatMap(([kind, count]) =>
    count > (before.get(kind) ?? 0) && !ordinary.has(kind)
      ? [`Importing it left a ${kind} open: start such things in a Layer, so that they end with it`]
      : []
  )
  return { exported, effects } satisfies Loaded<TaskModule.Any | Program.Any>
})

/** Imports a module that must be a `TaskModule`. */
export const loadTasks: (url: string) => Effect.Effect<Loaded<TaskModule.Any>, EntryModuleInvalid> = Effect.fnUntraced(
  function*(url: string) {
    const { effects, exported } = yield* load(url)
    if (TaskModule.is(exported)) return { exported, effects }
    return yield* new EntryModuleInvalid({
      url,
      problem: "Its default export is a Program, which has no tasks: name the module that exports a TaskModule"
    })
  }
)
