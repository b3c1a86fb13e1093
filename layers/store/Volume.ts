/**
 * What stores are made of: the same operations, none of which waits. Any of them
 * may throw where the disk fails.
 *
 * @since 0.1.0
 */
import { Effect, Option } from "effect"
import type { TaskStore } from "../../services/TaskStore.ts"
import { endedOf, endingsOf, type Shelf, storyOf } from "../../src/store/Reading.ts"
import type {
  Commit,
  Committed,
  Page,
  Recovered,
  Retention,
  StoredEntry,
  StoredLine,
  StoredPayloads,
  StoredValue
} from "../../src/store/Stored.ts"
import { StoreFailed } from "../../src/store/StoreFailed.ts"

/** A place where commits are kept, in their order. */
export interface Volume extends Shelf {
  readonly path: string
  readonly isDurable: boolean
  readonly recovered: Recovered
  /** What it throws was no refusal: nobody knows whether the commit is there. */
  readonly commit: (commit: Commit) => Committed
  readonly payloads: (source: number, from: number, count: number) => StoredPayloads
  readonly entries: (
    query: { readonly submission?: string; readonly below?: number; readonly limit: number }
  ) => Page<StoredEntry>
  readonly failed: (below: number, limit: number) => ReadonlyArray<number>
  readonly lines: (task: number, after: number, limit: number) => Page<StoredLine>
  readonly values: (space: string) => ReadonlyArray<StoredValue>
  readonly value: (space: string, key: string) => Uint8Array | undefined
  /** Removes some of what nobody needs; false once there is nothing left to remove. */
  readonly sweep: (retention: Retention, now: number) => boolean
  readonly size: () => number
}

const problemOf = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)

/** The service over it. */
export const serve = (volume: Volume): TaskStore["Service"] => {
  const { isDurable, path, recovered } = volume
  // What is written after a failed write may stand where nobody looks for it.
  let hasFailed = false
  const attempt = <A>(read: () => A): Effect.Effect<A, StoreFailed> =>
    Effect.try({ try: read, catch: (cause) => new StoreFailed({ path, problem: problemOf(cause) }) })
  const commit = (commit: Commit): Effect.Effect<Committed> =>
    Effect.suspend(() => {
      if (hasFailed) return unknown
      try {
        return answers[volume.commit(commit)]
      } catch (cause) {
        hasFailed = true
        const { message } = new StoreFailed({ path, problem: problemOf(cause) })
        return Effect.as(
          Effect.logFatal(`${message}. Nothing is kept any more; mend it and start the server again`),
          "unknown"
        )
      }
    })
  return {
    isDurable,
    recovered,
    commit,
    payloads: (source, from, count) => attempt(() => volume.payloads(source, from, count)),
    endings: (query) => attempt(() => endingsOf(volume, query)),
    entries: (query) => attempt(() => volume.entries(query)),
    entryOf: (task) => Effect.map(attempt(() => volume.entryOf(task)), Option.fromUndefinedOr),
    transitionsOf: (task) => attempt(() => storyOf(volume, task)),
    ended: (first, count) => attempt(() => endedOf(volume, first, count)),
    failed: (below, limit) => attempt(() => volume.failed(below, limit)),
    lines: (task, after, limit) => attempt(() => volume.lines(task, after, limit)),
    values: (space) => attempt(() => volume.values(space)),
    value: (space, key) => Effect.map(attempt(() => volume.value(space, key)), Option.fromUndefinedOr),
    retain: (retention, now) => {
      const sweep: Effect.Effect<void, StoreFailed> = Effect.flatMap(
        Effect.suspend(() => hasFailed ? Effect.succeed(false) : attempt(() => volume.sweep(retention, now))).pipe(
          Effect.tapError(() => Effect.sync(() => hasFailed = true))
        ),
        // Commits have their turn in between.
        (isMore) => isMore ? Effect.andThen(Effect.yieldNow, sweep) : Effect.void
      )
      return sweep
    },
    size: attempt(() => volume.size())
  }
}

const unknown = Effect.succeed<Committed>("unknown")
const answers: Readonly<Record<Committed, Effect.Effect<Committed>>> = {
  committed: Effect.succeed("committed"),
  refused: Effect.succeed("refused"),
  unknown
}
