/**
 * When a log begins anew, and what becomes of what was written.
 *
 * @since 0.1.0
 */

/** How much is kept. */
export interface Kept {
  /** Bytes of one file at most, unless a single line is longer. */
  readonly size: number
  /** How many older files there are. */
  readonly files: number
}

/** Whether a file of `size` bytes must begin anew before `more` bytes are written to it. */
export const isDue = (size: number, more: number, { size: most }: Kept): boolean => size > 0 && size + more > most

/** The renames that make room for a new `<path>.1`, in order; what the last one replaces is lost. */
export const moves = (path: string, { files }: Kept): ReadonlyArray<readonly [from: string, to: string]> =>
  Array.from({ length: Math.max(0, files - 1) }, (_, index) => {
    const number = files - 1 - index
    return [`${path}.${number}`, `${path}.${number + 1}`] as const
  })
