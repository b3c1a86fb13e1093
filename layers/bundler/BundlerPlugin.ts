/**
 * The rolldown plugin that makes modules work in a chunk as they do in their
 * own file, and leaves native code outside.
 *
 * @since 0.1.0
 */
import { isBuiltin } from "node:module"
import { basename, dirname, extname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Plugin, RolldownMagicString, TransformPluginContext } from "rolldown"
import { type Use, usesOf } from "../../src/bundle/ModuleUses.ts"
import { nativeBecause } from "../../src/bundle/PackageFacts.ts"
import { hashOf, sightOf } from "./Lookup.ts"
import { isModule, type Making, pathOf } from "./Making.ts"
import { isInstalled } from "./Packages.ts"

const isMainModule = "cadre:is-main"

/**
 * Whether a file was started by Node itself. What was asked for may lie in a
 * chunk that several entries share, where `import.meta.main` is never true.
 */
const isMainSource = `
import { realpathSync } from "node:fs"
import process from "node:process"
import { pathToFileURL } from "node:url"
import { isMainThread } from "node:worker_threads"
const isMain = (url) => {
  const started = process.argv[1]
  if (!isMainThread || started === undefined) return false
  try {
    return pathToFileURL(realpathSync(started)).href === url
  } catch {
    return false
  }
}
export { isMain }`

/** The URL of a file of the artefact, for code in any of its chunks: they all lie in one folder. */
const urlOf = (file: string): string => `new URL(${JSON.stringify(`./${file}`)}, import.meta.url).href`

const readsBeside = "It is not portable: it reads files next to its source, so the artefact names the source's folder"

/** Whether a module may use its place, beside in comments: installed packages speak of `import.meta` in their docs. */
const mayUsePlace = (code: string, id: string): boolean => {
  const text = isInstalled(id) ? code.replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "") : code
  return /\bimport\s*(?:\.|\()|__(?:file|dir)name\b/.test(text)
}

const languageOf = (id: string): "ts" | "tsx" | "js" | "jsx" => {
  const [, language] = /\.[cm]?(ts|tsx|js|jsx)$/.exec(id) ?? []
  return language === "ts" || language === "tsx" || language === "jsx" ? language : "js"
}

/** Where the first statement may be put: after a hash-bang. */
const beginning = (code: string): number => code.startsWith("#!") ? code.indexOf("\n") + 1 : 0

/** Rewrites the uses of one module. */
class Rewriting {
  readonly #context: TransformPluginContext
  readonly #making: Making
  readonly #code: string
  readonly #id: string
  readonly #edited: RolldownMagicString
  readonly #before = new Set<string>()

  constructor(context: TransformPluginContext, making: Making, code: string, id: string, edited: RolldownMagicString) {
    this.#context = context
    this.#making = making
    this.#code = code
    this.#id = id
    this.#edited = edited
  }

  async rewrite(uses: ReadonlyArray<Use>): Promise<RolldownMagicString> {
    for (const use of uses) await this.#rewriteOne(use)
    if (this.#before.size > 0) {
      // In the first line, so that the lines of stack traces stay.
      const strict = /^\s*(["'])use strict\1/.test(this.#code) ? ["\"use strict\";"] : []
      this.#edited.appendLeft(beginning(this.#code), [...strict, ...this.#before, ""].join(" "))
    }
    return this.#edited
  }

  /** The chunk of a module, as the name of its file. */
  chunk(id: string): string {
    return this.#making.emit(id, () => {
      const fileName = this.#making.chunkName(id)
      if (!this.#making.entries.has(id)) this.#context.emitFile({ type: "chunk", id, fileName })
      return fileName
    })
  }

  async #rewriteOne(use: Use): Promise<void> {
    const { end, start } = use.span
    const replace = (text: string): unknown => this.#edited.overwrite(start, end, text)
    const written = this.#code.slice(start, end)
    switch (use.kind) {
      case "own":
        return void replace(urlOf(this.chunk(this.#id)))
      case "main":
        return void replace(this.#isMain())
      case "resolve":
        return this.#resolve(use.specifier, written, replace)
      case "file":
        return this.#file(use, replace)
      case "computed":
        // Cadre itself imports what it is given, by its URL: that is as good from a bundle.
        if (this.#making.packages.of(this.#id)?.name === "cadre") return
        return this.#leave(
          written,
          "It is computed when it runs: Node resolves it then, from where the artefact is",
          false
        )
      case "variable":
        this.#before.add(`var ${use.name} = ${this.#place(use.name === "__dirname" ? "dirname" : "filename")};`)
        return this.#leave(written, readsBeside, true)
      case "whole": {
        const fields = (["url", "filename", "dirname"] as const).map((field) => `${field}: ${this.#place(field)}`)
        replace(`({ ...import.meta, ${fields.join(", ")}, main: ${this.#isMain()} })`)
        return this.#leave(written, readsBeside, true)
      }
      default:
        replace(this.#place(use.kind))
        return this.#leave(written, readsBeside, true)
    }
  }

  #leave(specifier: string, reason: string, isPinned: boolean): void {
    this.#making.leaveOutside({ specifier, importer: this.#id, reason }, isPinned)
  }

  /** Where the source is, as a literal. */
  #place(kind: "url" | "filename" | "dirname"): string {
    return JSON.stringify(
      kind === "url" ? pathToFileURL(this.#id).href : kind === "filename" ? this.#id : dirname(this.#id)
    )
  }

  #isMain(): string {
    if (!this.#making.entries.has(this.#id)) return "false"
    this.#before.add(`import { isMain as __cadreIsMain } from ${JSON.stringify(isMainModule)};`)
    return `__cadreIsMain(${urlOf(this.chunk(this.#id))})`
  }

  async #resolve(specifier: string, written: string, replace: (text: string) => unknown): Promise<void> {
    const found = isBuiltin(specifier)
      ? undefined
      : await this.#context.resolve(specifier, this.#id, { kind: "dynamic-import", skipSelf: false })
    // What Node has itself it resolves itself, and so it says what it cannot find.
    if (found === undefined) return
    if (found === null) return this.#leave(written, `${specifier} cannot be found`, false)
    if (found.external === false) replace(urlOf(this.#own(found.id)))
    else if (found.id.startsWith("file:")) replace(JSON.stringify(found.id))
  }

  #file({ base, specifier, span }: Extract<Use, { kind: "file" }>, replace: (text: string) => unknown): void {
    const url = URL.parse(specifier, pathToFileURL(this.#id))
    if (url?.protocol !== "file:") return
    const path = fileURLToPath(url)
    if (sightOf(path) !== undefined) return void replace(JSON.stringify(`./${this.#own(path)}`))
    this.#edited.overwrite(base.start, base.end, this.#place("url"))
    this.#leave(this.#code.slice(span.start, span.end), readsBeside, true)
  }

  /** The file that a file outside of the module gets in the artefact. */
  #own(path: string): string {
    if (isModule(path)) return this.chunk(path)
    return this.#making.emit(path, () => {
      const source = this.#making.read(pathOf(path))
      const extension = extname(path)
      const name = basename(path, extension).replaceAll(/[^\w-]/g, "_")
      const fileName = `${name}-${hashOf(source).slice(0, 8)}${extension.replaceAll(/[^\w.-]/g, "_")}`
      this.#context.emitFile({ type: "asset", fileName, source })
      return fileName
    })
  }
}

const notInstalled = "It is not installed: whoever asks for it finds so when it runs, as without a bundle"

/** The plugin that makes one bundle; it tells `making` what it learns. */
export const bundlerPlugin = (making: Making): Plugin => ({
  name: "cadre",

  resolveId: {
    // Relative imports stay in their package: only what leaves it can be outside.
    filter: { id: /^[^./\0]|\.node$/ },
    async handler(source, importer, { kind }) {
      if (source === isMainModule) return { id: `\0${isMainModule}`, moduleSideEffects: false }
      if (importer === undefined || isBuiltin(source)) return null
      const found = await this.resolve(source, importer, { kind, skipSelf: true })
      if (found === null) {
        if (kind === "import-statement" && !isInstalled(importer)) return null
        making.leaveOutside({ specifier: source, importer: pathOf(importer), reason: notInstalled }, false)
        return { id: source, external: true }
      }
      if (found.external !== false) return found
      const owner = making.packages.of(found.id)
      const native = found.id.endsWith(".node")
        ? "it is compiled"
        : owner?.isInstalled === true
        ? nativeBecause(owner)
        : undefined
      const failed = owner === undefined ? undefined : making.failed.get(owner.folder)
      if (native === undefined && failed === undefined) return found
      const reason = native === undefined
        ? `It cannot be bundled: ${failed}. It is imported from where it is installed`
        : `It has native code (${native}). It is imported from where it is installed`
      making.leaveOutside({ specifier: source, importer: pathOf(importer), reason }, true)
      return { id: kind === "require-call" ? found.id : pathToFileURL(found.id).href, external: "absolute" }
    }
  },

  load: {
    filter: { id: { include: [/^\0cadre:/, /^[^\0]/], exclude: /[\\/]node_modules[\\/]/ } },
    handler(id) {
      if (id === `\0${isMainModule}`) return isMainSource
      const content = making.read(pathOf(id))
      return isModule(pathOf(id)) ? { code: content.toString().replace(/^\uFEFF/, "") } : null
    }
  },

  buildEnd() {
    for (const id of this.getModuleIds()) if (!id.startsWith("\0")) making.modules.add(pathOf(id))
  },

  transform: {
    filter: { id: { exclude: /^\0/ }, code: /\bimport\s*(?:\.|\()|__(?:file|dir)name\b/ },
    async handler(code, id, { magicString }) {
      const path = pathOf(id)
      if (magicString === undefined || !isModule(path) || !mayUsePlace(code, path)) return null
      const uses = usesOf(this.parse(code, { lang: languageOf(path) }), isBuiltin)
      if (uses.length === 0) return null
      return { code: await new Rewriting(this, making, code, path, magicString).rewrite(uses) }
    }
  }
})
