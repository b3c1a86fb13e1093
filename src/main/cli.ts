/**
 * The front of `cadre`: decides, before anything else is loaded, what is.
 *
 * A module of the user brings its own `effect`, and there must be one in a
 * process. So the commands that import a module are bundled together with it,
 * and the bundle brings all that runs. This file imports nothing but Node: it
 * finds a bundle that was made before in a few milliseconds. One that was not
 * is made by a process of its own, which leaves nothing behind in this one.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import { enableCompileCache } from "node:module"
import { join } from "node:path"
import process from "node:process"
import { cacheFolder, isTrusted } from "../../layers/bundler/CacheFolder.ts"
import { lookup } from "../../layers/bundler/Lookup.ts"
import { locate } from "../../layers/ModuleFile.ts"
import { warmThread } from "../../layers/threads/WarmThread.ts"
import { asksForHelp, modulesOf, standard } from "../cli/Specifier.ts"
import type { Front } from "./commands/Front.ts"
import { importLate } from "./Segmenter.ts"

/** Whether this file runs as it was written, rather than built. */
const isSource = import.meta.url.endsWith(".ts")

const beside = (name: string): string => new URL(`./${name}.${isSource ? "ts" : "js"}`, import.meta.url).href

/** What the entries of the command line export. */
interface Commands {
  readonly run: (words: ReadonlyArray<string>, front: Front) => void
}

/** One of our own entries. */
const load = (url: string): Promise<Commands> => importLate(url) as Promise<Commands>

const root = new URL(isSource ? "../../" : "../../../", import.meta.url)

const versionOf = (): string => {
  const path = new URL("package.json", root)
  // It is our own.
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly version: string }).version
}

/** Flags that leave the module alone, or ask for it to be imported as it is. */
const unbundled = new Set(["--no-bundle", "--bundle=false", "--help", "-h", "--version", "-v"])

/** Whether a thread will most likely be needed: it takes as long to load as all else, and can do so at the same time. */
const isForThreads = (words: ReadonlyArray<string>): boolean =>
  words[0] === "submit" && words.includes("--in-process") && words.some((word) => word.startsWith("--threads"))

/** Makes the bundle in another process. It says itself what it has to say; undefined if it failed. */
const made = (names: ReadonlyArray<string>): Promise<Front["entries"] | undefined> =>
  new Promise((resolve, reject) => {
    // Loading it takes longer than finding a bundle does.
    const { spawn } = process.getBuiltinModule("node:child_process")
    const [script = ""] = process.argv.slice(1)
    const [module = "", against] = names
    const child = spawn(
      process.execPath,
      [
        ...process.execArgv,
        script,
        "bundle",
        module,
        "--output=ndjson",
        ...(against === undefined ? [] : [`--against=${against}`])
      ],
      { stdio: ["ignore", "pipe", "inherit"] }
    )
    const isSlow = setTimeout(() => process.stderr.write(`Bundling ${names.join(" and ")}, once\n`), 300)
    // A terminal sends its signals to both; others send them to this process alone.
    const pass = (signal: NodeJS.Signals): boolean => child.kill(signal)
    process.once("SIGTERM", pass).once("SIGINT", pass)
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (piece: string) => text += piece)
    child.once("error", reject)
    child.once("close", (code, signal) => {
      clearTimeout(isSlow)
      process.off("SIGTERM", pass).off("SIGINT", pass)
      if (code === 0) {
        // As `cadre bundle --output ndjson` prints it.
        resolve((JSON.parse(text) as { readonly entries: Front["entries"] }).entries)
        return
      }
      const isStopped = signal !== null || code === 130 || code === 143
      if (!isStopped) process.stderr.write("Nothing was run. --no-bundle imports the module as it is\n")
      process.exitCode = signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : code ?? 1
      resolve(undefined)
    })
  })

/** Keeps what the engine compiled for the next start: that is half of the time to load a bundle. */
const keepCompiled = (): void => {
  const folder = cacheFolder()
  if (folder !== undefined && isTrusted(folder)) enableCompileCache(join(folder, "..", "compiled"))
}

/** Runs what the words of a command line say. */
export const run = async (words: ReadonlyArray<string>): Promise<void> => {
  keepCompiled()
  const modules: Record<string, string> = {}
  const names = modulesOf(words)
  for (const name of names) {
    const located = name === standard ? { url: beside("standard") } : locate(name, process.cwd())
    if ("url" in located) modules[name] = located.url
  }
  const [module = "", against] = names.map((name) => modules[name])
  const entries = {
    cli: beside("commands/module"),
    module,
    thread: beside("thread"),
    executor: beside("executor"),
    ...(against !== undefined && { against })
  }
  const front = { version: versionOf(), root: root.href, modules, entries }
  const isWhole = names.length > 0 && names.every((name) => modules[name] !== undefined)
  if (words.length === 1 && (words[0] === "--version" || words[0] === "-v")) {
    process.stdout.write(`${front.version}\n`)
    return
  }
  if (words[0] === "bundle" || !isWhole || words.some((word) => unbundled.has(word))) {
    // As it is shipped it is a bundle with an `effect` of its own; a module that is imported as it is needs the other.
    const isShipped = !isSource && !(isWhole && words.includes("--no-bundle"))
    const shipped = asksForHelp(words) ? "shipped/help" : "shipped/cadre"
    const commands = await load(beside(isShipped ? shipped : "commands/cadre"))
    commands.run(words, front)
    return
  }
  const bundled = lookup(entries)?.entries ?? await made(names)
  if (bundled === undefined) return
  const [name = "", other] = names
  const imported: Record<string, string> = {}
  if (bundled["module"] !== undefined) imported[name] = bundled["module"]
  if (other !== undefined && bundled["against"] !== undefined) imported[other] = bundled["against"]
  const warm = isForThreads(words) && bundled["thread"] !== undefined && bundled["module"] !== undefined
    ? warmThread(bundled["thread"], bundled["module"])
    : undefined
  const commands = await load(bundled["cli"] ?? entries.cli)
  commands.run(words, { ...front, modules: imported, ...(warm && { warm }) })
}
