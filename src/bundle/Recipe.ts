/**
 * How bundles are made, as far as it decides what comes out: part of every key.
 *
 * @since 0.1.0
 */

/**
 * `revision` grows with every change to the options or the rewriting that gives
 * other output for the same input. `rolldown` is the pinned version, written
 * down so that a look-up need not load it; a test compares it.
 */
export const recipe = { revision: 2, rolldown: "1.2.19" }

/** The conditions under which Node resolves imports, as far as a bundler does not add them by itself. */
export const conditionsOfNode: ReadonlyArray<string> = ["node", "node-addons", "module-sync"]

/**
 * The conditions that a process was started with: `-C x`, `--conditions x` and
 * `--conditions=x`, in its own arguments or in NODE_OPTIONS. Sorted, each once.
 */
export const conditionsOf = (execArgv: ReadonlyArray<string>, nodeOptions = ""): ReadonlyArray<string> => {
  const words = [...nodeOptions.split(/\s+/), ...execArgv]
  const found = words.flatMap((word, index) => {
    if (word === "-C" || word === "--conditions") return words[index + 1] ?? []
    return /^(?:--conditions=|-C=?)(?<condition>.+)$/.exec(word)?.groups?.["condition"] ?? []
  })
  return [...new Set(found)].toSorted()
}
