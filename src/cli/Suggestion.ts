/**
 * What somebody may have meant who wrote a name that there is not.
 *
 * @since 0.1.0
 */

/** How many letters must be added, dropped, replaced or swapped with their neighbour to make one word the other. */
export const distance = (here: string, there: string): number => {
  const [a, b] = [[...here], [...there]]
  let before: Array<number> = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [row, letter] of a.entries()) {
    const next = [row + 1]
    for (const [column, other] of b.entries()) {
      const replaced = (last[column] ?? 0) + (letter === other ? 0 : 1)
      const swapped = row > 0 && column > 0 && letter === b[column - 1] && a[row - 1] === other
        ? (before[column - 1] ?? 0) + 1
        : Infinity
      next.push(Math.min(replaced, swapped, (last[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    before = last
    last = next
  }
  return last[b.length] ?? a.length
}

/** The known names that are near to what was written, nearest first, three at most. Upper and lower case are alike. */
export const suggestions = (written: string, known: Iterable<string>): ReadonlyArray<string> => {
  const word = written.toLowerCase()
  // Longer words have room for more mistakes.
  const most = Math.max(1, Math.floor(word.length / 3))
  return [...new Set(known)]
    .map((name) => {
      const other = name.toLowerCase()
      const isBeginning = word.length >= 2 && other.startsWith(word)
      return { name, far: isBeginning ? 0 : distance(word, other) }
    })
    .filter(({ far }) => far <= most)
    .toSorted((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}

/** A sentence with what may have been meant and, if there are few, with all that there is. */
export const didYouMean = (written: string, known: ReadonlyArray<string>): string => {
  const near = suggestions(written, known)
  if (near.length > 0) return `Did you mean ${near.join(" or ")}?`
  if (known.length === 0) return "There are none"
  const shown = known.slice(0, 20)
  return `There ${known.length === 1 ? "is" : "are"} ${shown.join(", ")}${
    known.length > shown.length ? ` and ${known.length - shown.length} more` : ""
  }`
}
