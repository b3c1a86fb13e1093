/**
 * `cadre bundle`: makes the bundle that `submit` and others import.
 *
 * @since 0.1.0
 */
import { Effect, type FileSystem, Layer, type Stdio } from "effect"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as BundlerRolldown from "../../../layers/bundler/BundlerRolldown.ts"
import { locate } from "../../../layers/ModuleFile.ts"
import { Bundler } from "../../../services/Bundler.ts"
import { type CommandFailed, unusable } from "../../cli/ExitCode.ts"
import { Prepared } from "./Front.ts"
import { unknownModule } from "./Modules.ts"
import { note, type Output, print } from "./Root.ts"

/** Makes it, or finds it made. */
export const bundle: (
  specifier: string,
  output: Output
) => Effect.Effect<void, CommandFailed, FileSystem.FileSystem | Stdio.Stdio> = Effect.fnUntraced(
  function*(specifier, output) {
    const { entries, modules, root } = yield* Prepared
    if (modules[specifier] === undefined) {
      const located = locate(specifier, process.cwd())
      if ("lookedFor" in located) return yield* unknownModule(specifier, located.lookedFor)
    }
    const services = yield* Layer.build(BundlerRolldown.layer)
    const made = yield* Effect.flatMap(Bundler, (bundler) => bundler.bundle(entries)).pipe(
      Effect.provideContext(services),
      Effect.mapError(({ message }) => unusable(message))
    )
    // What Cadre itself imports by a computed name is in the bundle, or is not needed there.
    const own = ["src", "services", "layers", "dist"].map((folder) => fileURLToPath(new URL(`${folder}/`, root)))
    for (const { importer, reason, specifier } of made.outside) {
      if (own.some((folder) => importer.startsWith(folder))) continue
      yield* note(`Not in the bundle: ${specifier}, of ${importer}. ${reason}`)
    }
    if (output === "json") yield* print(JSON.stringify(made, undefined, 2))
    else if (output === "ndjson") yield* print(JSON.stringify(made))
    else if (output === "table") yield* print(made.folder)
  },
  Effect.scoped
)
