/**
 * Which bundles have not been used for so long that they may go.
 *
 * @since 0.1.0
 */

const day = 86_400_000

/** How long a bundle is kept after it was last used, in milliseconds. */
export const keptFor = 30 * day

/** How long what a process began to write is left to it, in milliseconds. */
export const abandonedAfter = day

/** How often it is looked at all, in milliseconds. */
export const prunedEvery = day

/** The names of what is still being written begin so. */
export const unfinishedPrefix = "tmp-"

/** Something in the cache, and when it was last used or written, in milliseconds since 1970. */
export interface Kept {
  readonly name: string
  readonly used: number
}

/** Whether it is time to look for what may go. */
export const isDue = (last: number | undefined, now: number): boolean => last === undefined || now - last >= prunedEvery

/** What may go: what nobody used for thirty days, and what a process that died left half written. */
export const prunable = (kept: ReadonlyArray<Kept>, now: number): ReadonlyArray<string> =>
  kept
    .filter(({ name, used }) => now - used > (name.startsWith(unfinishedPrefix) ? abandonedAfter : keptFor))
    .map(({ name }) => name)
