/**
 * Lets rolldown make a bundle in memory.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { resolve as resolvePath } from "node:path"
import { pathToFileURL } from "node:url"
import type { OutputAsset, OutputChunk, RolldownError, RolldownOptions } from "rolldown"
import { BundleFailed, type Problem, problemOf } from "../../src/bundle/BundleFailed.ts"
import { conditionsOfNode } from "../../src/bundle/Recipe.ts"
import { bounded } from "../../src/bundle/SourceMap.ts"
import { bundlerPlugin } from "./BundlerPlugin.ts"
import type { Making } from "./Making.ts"
import { isInstalled } from "./Packages.ts"

/** What came out: the files, and the modules of which something is in them. */
export interface Made {
  readonly files: ReadonlyMap<string, string | Uint8Array>
  readonly modules: ReadonlySet<string>
}

/** How a bundle is made. */
export interface Setting {
  /** Where it will be. */
  readonly folder: string
  /** The folder of the project. */
  readonly root: string
  readonly conditions: ReadonlyArray<string>
}

/** Packages that could not be bundled, by folder, and why: without them it may do. */
export interface Culprits {
  readonly culprits: ReadonlyMap<string, string>
}

const failedBecause = (problems: ReadonlyArray<Problem>): BundleFailed => new BundleFailed({ problems })

/** Loaded by whoever bundles, and by nobody else: it takes longer to load than a bundle to run. */
const rolldown = Effect.tryPromise({
  try: () => import("rolldown"),
  catch: (error) =>
    failedBecause([{
      what: `rolldown, which makes bundles, cannot be loaded: ${
        error instanceof Error ? error.message : String(error)
      }`,
      mend: "Install the packages again for this platform with npm install, or leave bundling out with --no-bundle"
    }])
})

/** Else Node would parse every chunk twice to find out that it is a module. */
const modulePackage = JSON.stringify({ type: "module" })

const isText = (value: string | Uint8Array): value is string => typeof value === "string"

/** Keeps the text of sources in a map, and ends what is mapped where packages begin. */
const finished = ({ fileName, source }: OutputAsset): string | Uint8Array => {
  if (!fileName.endsWith(".js.map") || !isText(source)) return source
  // What rolldown wrote a moment ago.
  const map = JSON.parse(source) as { readonly mappings: string }
  return JSON.stringify({ ...map, mappings: bounded(map.mappings) })
}

const optionsOf = (
  making: Making,
  { conditions, folder, root }: Setting,
  report: (problem: Problem) => void
) =>
  ({
    cwd: root,
    input: [...making.entries],
    platform: "node",
    // TypeScript as Node runs it: types go and nothing else does, whatever a tsconfig.json says.
    tsconfig: false,
    transform: { target: "esnext", typescript: { onlyRemoveTypeImports: true } },
    resolve: { conditionNames: [...conditionsOfNode, ...conditions], extensions: [".js", ".json", ".node"] },
    // Each entry is a file that exports what its module does, and nothing that another chunk needs of it.
    preserveEntrySignatures: "strict",
    // Modules that a barrel names and nobody uses are not even parsed: that is most of `effect`.
    experimental: { nativeMagicString: true, lazyBarrel: true, attachDebugInfo: "none" },
    logLevel: "warn",
    onLog: (_, log) => {
      if (log.code === "UNRESOLVED_IMPORT" && log.id !== undefined && !isInstalled(log.id)) report(problemOf(log))
    },
    plugins: [bundlerPlugin(making), {
      name: "cadre-unmapped",
      // Nobody debugs the packages of a bundle, and their maps would take longer to load than their code.
      transform: { filter: { id: /[\\/]node_modules[\\/]/ }, handler: (code) => ({ code, map: { mappings: "" } }) }
    }],
    output: {
      dir: folder,
      format: "esm",
      sourcemap: true,
      sourcemapPathTransform: (source, map) => pathToFileURL(resolvePath(map, "..", source)).href,
      entryFileNames: ({ facadeModuleId }) => making.chunkName(facadeModuleId ?? "main"),
      chunkFileNames: "chunk-[hash].js",
      // One character beyond Latin and the engine keeps two bytes for each of the text, and is slower to start.
      charset: "ascii",
      // Half of the size is comments, which nobody reads there; licences stay.
      comments: { legal: true, annotation: false, jsdoc: false }
    }
  }) satisfies RolldownOptions

const isBuildError = (error: unknown): error is { readonly errors: ReadonlyArray<RolldownError> } =>
  typeof error === "object" && error !== null && "errors" in error && Array.isArray(error.errors)

/** What the errors of a build are about: packages, if only they are at fault. */
const diagnosed = (making: Making, error: unknown): BundleFailed | Culprits => {
  const errors = isBuildError(error) ? error.errors : [{ message: String(error) }]
  const problems: Array<Problem> = []
  const culprits = new Map<string, string>()
  for (const one of errors) {
    const problem = problemOf(one)
    const owner = problem.file === undefined ? undefined : making.packages.of(problem.file)
    const mayStayOutside = owner?.isInstalled === true && owner.name !== "effect" && owner.name !== "cadre"
    if (mayStayOutside && !making.failed.has(owner.folder)) culprits.set(owner.folder, problem.what)
    else problems.push(problem)
  }
  return problems.length > 0 ? failedBecause(problems) : { culprits }
}

const isChunk = (file: OutputChunk | OutputAsset): file is OutputChunk => file.type === "chunk"

/**
 * Makes the bundle. It answers with packages that are better left outside, if
 * it fails only because of them.
 */
export const make = Effect.fnUntraced(function*(making: Making, setting: Setting) {
  const { rolldown: start } = yield* rolldown
  const reported: Array<Problem> = []
  const options = optionsOf(making, setting, (problem) => reported.push(problem))
  const built = yield* Effect.tryPromise({
    try: async () => {
      await using build = await start(options)
      const { output } = await build.generate(options.output)
      return output
    },
    catch: (error) => diagnosed(making, error)
  }).pipe(Effect.catch((failure) => failure instanceof BundleFailed ? Effect.fail(failure) : Effect.succeed(failure)))
  if (reported.length > 0) return yield* failedBecause(reported)
  if ("culprits" in built) return built
  const files = new Map<string, string | Uint8Array>([["package.json", modulePackage]])
  for (const file of built) files.set(file.fileName, isChunk(file) ? file.code : finished(file))
  const modules = new Set(
    built.flatMap((file) => isChunk(file) ? file.moduleIds.filter((id) => !id.startsWith("\0")) : [])
  )
  return { files, modules } satisfies Made
})
