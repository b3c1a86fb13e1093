/**
 * What a server writes beside its store: which server it is, and the modules
 * that it was asked to have executors for.
 *
 * @since 0.1.0
 */
import { Effect, Option, Schema, type Scope } from "effect"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { RuntimeFiles } from "../../src/host/Folders.ts"
import { Provision } from "../../src/host/Provision.ts"
import { parseRecord, type ServerRecord } from "../../src/host/ServerRecord.ts"
import { writeWhole } from "../bundler/Lookup.ts"
import type { Kept } from "./ExecutorPoolSupervised.ts"

/** Writes down which server it is, until the scope is left. */
export const record = ({ record: path }: RuntimeFiles, record: ServerRecord): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => writeWhole(path, `${JSON.stringify(record, undefined, 2)}\n`)),
    () =>
      Effect.sync(() => {
        // Another server may have taken the place by now.
        if (parseRecord(readText(path) ?? "")?.pid === record.pid) rmSync(path, { force: true })
      })
  )

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

const KeptText = Schema.fromJsonString(Schema.Struct({
  modules: Schema.Array(Schema.Struct({ provision: Provision, tasks: Schema.Array(Schema.String) })),
  processes: Schema.Array(Schema.Struct({ pid: Schema.Int, executors: Schema.Array(Schema.String) }))
}))
const read = Schema.decodeUnknownOption(KeptText)

/** What was provided when the server ran before, as far as it is still there, and the processes that it had. */
export const remembered = (path: string): Kept => {
  const { modules, processes } = Option.getOrElse(read(readText(path)), () => ({ modules: [], processes: [] }))
  const isThere = ({ provision }: Kept["modules"][number]) =>
    Object.values(provision.entries).every((url) => existsSync(fileURLToPath(url)))
  return { modules: modules.filter(isThere).toReversed(), processes }
}

/** Keeps them for the next time. */
export const remember = (path: string) => (kept: Kept): void => {
  try {
    writeWhole(path, JSON.stringify(kept))
  } catch {
    // They are provided again by whoever needs them.
  }
}
