/**
 * Keeps what a server must not forget. Every layer keeps these laws; each is a
 * test in `test/suites/TaskStoreSuite.ts`:
 *
 * - **whole** – a commit is there entirely or not at all, whatever ends the process and when
 * - **fenced** – a store that was opened again refuses whoever had it before
 * - **one** – a store that is in use is not opened; the error names who has it
 * - **ordered** – transitions have no gap; a commit that would make one is refused
 * - **recovered** – what is opened again is what was committed, however often that is done
 * - **kept** – what has not ended, or has not been acknowledged, no retention removes
 * - **paged** – pages have everything once and in order, also while commits go on
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Option } from "effect"
import type { Transition } from "../src/dispatch/Command.ts"
import type {
  Commit,
  Committed,
  Page,
  Recovered,
  Retention,
  StoredEnding,
  StoredEntry,
  StoredLine,
  StoredPayloads,
  StoredValue
} from "../src/store/Stored.ts"
import type { StoreFailed } from "../src/store/StoreFailed.ts"

/** Keeps what a server must not forget. Opened with its layer, closed with its scope. */
export class TaskStore extends Context.Service<TaskStore, {
  /** Whether a commit survives the process. */
  readonly isDurable: boolean
  /** What was there when it was opened. */
  readonly recovered: Recovered
  /** One at a time; what comes meanwhile is for the next. It never fails: after the first `unknown` nothing is committed any more. */
  readonly commit: (commit: Commit) => Effect.Effect<Committed>
  /** Payloads of an entry, from the task of that index on. Fewer where there are no more, or they are large. */
  readonly payloads: (source: number, from: number, count: number) => Effect.Effect<StoredPayloads, StoreFailed>
  /** What has ended after that transition, oldest first, of one submitter or submission or of all. */
  readonly endings: (query: {
    readonly submitter?: string
    readonly submission?: string
    readonly after: number
    readonly limit: number
  }) => Effect.Effect<Page<StoredEnding>, StoreFailed>
  /** Entries from the newest on, below that `source`. */
  readonly entries: (query: {
    readonly submission?: string
    readonly below?: number
    readonly limit: number
  }) => Effect.Effect<Page<StoredEntry>, StoreFailed>
  /** The entry that a position belongs to. */
  readonly entryOf: (task: number) => Effect.Effect<Option.Option<StoredEntry>, StoreFailed>
  /** Every transition of one task, oldest first. */
  readonly transitionsOf: (task: number) => Effect.Effect<ReadonlyArray<Transition>, StoreFailed>
  /** The last transition of tasks in a row that have ended, by position; the others are absent. */
  readonly ended: (first: number, count: number) => Effect.Effect<ReadonlyMap<number, Transition>, StoreFailed>
  /** Positions of tasks that ended without success, the newest first, below that one. */
  readonly failed: (below: number, limit: number) => Effect.Effect<ReadonlyArray<number>, StoreFailed>
  readonly lines: (task: number, after: number, limit: number) => Effect.Effect<Page<StoredLine>, StoreFailed>
  readonly values: (space: string) => Effect.Effect<ReadonlyArray<StoredValue>, StoreFailed>
  readonly value: (space: string, key: string) => Effect.Effect<Option.Option<Uint8Array>, StoreFailed>
  /** Removes what is older or more than that, and nobody needs any more. */
  readonly retain: (retention: Retention, now: number) => Effect.Effect<void, StoreFailed>
  /** Bytes that it takes. */
  readonly size: Effect.Effect<number, StoreFailed>
}>()("cadre/services/TaskStore") {}
