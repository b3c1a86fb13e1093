/**
 * `cadre executor start`: a process with executors for a module, wherever the
 * server is.
 *
 * @since 0.1.0
 */
import { ByteSize, Effect, Option } from "effect"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { become } from "../../../layers/host/Becoming.ts"
import * as Entries from "../../../layers/host/Entries.ts"
import { locate } from "../../../layers/ModuleFile.ts"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { standard } from "../../cli/Specifier.ts"
import { settingText } from "../../host/ExecutorSetting.ts"
import { parse } from "../../protocol/Address.ts"
import { Prepared } from "./Front.ts"
import { unknownModule } from "./Modules.ts"

/** What was asked for. */
export interface Options {
  /** The module with the library: a file, or `standard`. */
  readonly library: string
  readonly connect: Option.Option<string>
  readonly threads: Option.Option<number>
  readonly slots: Option.Option<number>
  readonly memory: Option.Option<ByteSize.ByteSize>
  readonly labels: ReadonlyArray<string>
}

const urlOf = Effect.fnUntraced(function*(specifier: string, home: string | undefined) {
  if (specifier === standard && home !== undefined) {
    return new URL(`./standard${home.includes("/dist/") ? ".js" : ".ts"}`, home).href
  }
  const located = locate(specifier, process.cwd())
  return "url" in located ? located.url : yield* unknownModule(specifier, located.lookedFor)
})

/** Goes on as that process. It ends in good order at SIGTERM or Ctrl-C: what runs is finished, the rest goes back. */
export const start = Effect.fnUntraced(function*(
  { connect, labels, library, memory, slots, threads }: Options
): Effect.fn.Return<never, CommandFailed> {
  const address = Option.getOrUndefined(connect)
  const parsed = address === undefined ? undefined : parse(address)
  if (parsed?._tag === "AddressInvalid") return yield* unusable(`--connect: ${parsed.message}`)
  const { entries: own } = yield* Prepared
  const home = own["cli"] === undefined ? undefined : new URL("..", own["cli"]).href
  const url = yield* urlOf(library, home)
  const { conditions, entries } = yield* Effect.mapError(
    Effect.provideService(Entries.startable(url), Entries.Home, home),
    ({ message }) => unusable(message)
  )
  const setting = settingText({
    name: library,
    module: entries.module,
    thread: entries.thread,
    labels,
    ...(address !== undefined && { address }),
    ...(Option.isSome(threads) && { threads: threads.value }),
    ...(Option.isSome(slots) && { slots: slots.value }),
    ...(Option.isSome(memory) && { memory: ByteSize.toNumberUnsafe(memory.value) })
  })
  return yield* become([
    ...conditions.map((condition) => `--conditions=${condition}`),
    fileURLToPath(entries.executor),
    setting
  ])
})
