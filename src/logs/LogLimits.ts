/**
 * How much of what attempts write is taken, sent and kept. Sizes are in bytes
 * of UTF-8.
 *
 * @since 0.1.0
 */

/** The bounds of one attempt's log, and of what an executor sends of all of them. */
export interface LogLimits {
  /** Of an attempt: more is left out, but for its end if that is a bad one. */
  readonly bytes: number
  readonly lines: number
  /** Of one line. */
  readonly line: number
  /** What is kept of the end. */
  readonly lastLines: number
  readonly lastBytes: number
  /** An executor's in the long run, a second, and how much it may be ahead of that. */
  readonly rate: number
  readonly burst: number
}

/** What holds where nobody says otherwise. */
export const logLimits: LogLimits = {
  bytes: 2 ** 20,
  lines: 10_000,
  line: 2 ** 14,
  lastLines: 50,
  lastBytes: 2 ** 16,
  rate: 2 ** 18,
  burst: 2 ** 20
}
