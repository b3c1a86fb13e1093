/**
 * Where a module may be that somebody named on the command line.
 *
 * @since 0.1.0
 */

/** The library that ships with Cadre, by its short name. */
export const standard = "standard"

/** The endings of what Node can import. */
const endings = [".ts", ".mts", ".js", ".mjs"]

const script = /\.[cm]?[jt]sx?$/

/** The files that a name may stand for, in the order in which they are looked for. */
export const candidates = (specifier: string): ReadonlyArray<string> =>
  script.test(specifier)
    ? [specifier]
    : [specifier, ...endings.map((ending) => `${specifier.replace(/\/$/, "")}${ending}`)]

/** Flags whose value may look like a module and is none. */
const withValues = new Set(
  [
    "after",
    "catch-up",
    "concurrency",
    "connect",
    "cron",
    "deadline",
    "delay",
    "from",
    "label",
    "log-level",
    "memory",
    "name",
    "on-bad-line",
    "output",
    "overlap",
    "payload",
    "priority",
    "threads",
    "time-zone",
    "timeout",
    "when-unmet"
  ].map((name) => `--${name}`)
)

/** Whether the words ask for nothing but help, as far as can be seen before they are parsed. */
export const asksForHelp = (words: ReadonlyArray<string>): boolean => {
  const last = words.at(-1)
  return last === undefined || ((last === "--help" || last === "-h") && !words.includes("--") &&
    !withValues.has(words.at(-2) ?? ""))
}

/** The commands whose first argument is a module. */
const taking = new Set(["submit", "library inspect", "bundle"])

/** What the words of a command line ask to be imported, as far as can be seen before they are parsed. */
export const modulesOf = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found: Array<string> = []
  let command = ""
  let module: string | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ""
    if (word === "--") break
    if (word.startsWith("--module=")) module = word.slice("--module=".length)
    else if (word === "--module") module = words[++index]
    else if (word.startsWith("--against=")) found.push(word.slice("--against=".length))
    else if (word === "--against") found.push(words[++index] ?? "")
    else if (withValues.has(word)) index++
    else if (!word.startsWith("-")) {
      if (taking.has(command)) {
        // The first word after the verb is the module; what follows is the name of a task.
        found.unshift(word)
        command = "done"
      } else if (command !== "done") command = command === "" ? word : `${command} ${word}`
    }
  }
  if (command !== "done" && module !== undefined && module !== "") return [module]
  return command === "done" ? found.filter((word) => word !== "" && !word.endsWith(".json")) : []
}
