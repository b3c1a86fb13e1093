/**
 * A child process with all of its descendants, as far as they can be found:
 * to signal them, and to end them to the last.
 *
 * @since 0.1.0
 */
import { Clock, Effect } from "effect"
import process from "node:process"
import { type MarkedEntry, membersOf } from "../../src/process/ProcessTable.ts"
import type { ControlGroup } from "./ControlGroups.ts"
import type { ProcessTableNode } from "./ProcessTableNode.ts"

/** How long it may take until those are gone that were killed. What the kernel itself holds up is not waited for longer. */
const patience = 10_000

/** Sends a signal to a process, or to a group if the number is negative; false if there is none that may be sent it. */
export const send = (target: number, signal: string | number): boolean => {
  try {
    return process.kill(target, signal)
  } catch {
    return false
  }
}

/** Everything that came of one child. */
export class Descendants {
  readonly pid: number
  readonly #mark: string
  readonly #table: ProcessTableNode | undefined
  readonly #group: ControlGroup | undefined
  /** Those of another group or session too, once they were seen. */
  #seen: ReadonlyMap<number, number> = new Map()
  /** Its own process has ended. */
  hasEnded = false

  constructor(pid: number, mark: string, table: ProcessTableNode | undefined, group: ControlGroup | undefined) {
    this.pid = pid
    this.#mark = mark
    this.#table = table
    this.#group = group
  }

  /** Those of a table. */
  of(table: ReadonlyArray<MarkedEntry>): ReadonlyArray<MarkedEntry> {
    const { hasEnded, pid } = this
    const grouped = new Set(this.#group?.pids)
    const members = membersOf(table, { pid, mark: this.#mark, hasEnded, seen: this.#seen, grouped })
    this.#seen = new Map(members.map(({ pid, start }) => [pid, start]))
    return members
  }

  /** Sends it to everybody, and says whether there is anybody. */
  readonly signal = (signal: string | number): Effect.Effect<boolean> => {
    // Without a table the group is all that can be reached.
    const table = this.#table
    if (table === undefined) return Effect.sync(() => send(-this.pid, signal))
    const look = Effect.map(table.fresh, (entries) => this.#sendAll(this.of(entries), signal))
    // A look takes its time. Who came to be during one, while its parent went, is seen in the next.
    return Effect.flatMap(look, (isAny) => isAny ? Effect.succeed(true) : look)
  }

  #sendAll(members: ReadonlyArray<MarkedEntry>, signal: string | number): boolean {
    // The whole group at once: none of it can have a child in between that does not get it.
    if (members.some(({ group }) => group === this.pid)) send(-this.pid, signal)
    for (const { group, pid } of members) if (group !== this.pid) send(pid, signal)
    return members.length > 0
  }

  /** Kills everybody, at once and as often as it takes. */
  readonly kill: Effect.Effect<void> = Effect.suspend(() => {
    this.#group?.kill()
    if (!this.hasEnded) send(-this.pid, "SIGKILL")
    return Effect.flatMap(this.#until("SIGKILL", patience), (isDone) =>
      isDone ? Effect.void : Effect.logWarning(
        `Of the child with PID ${this.pid}, these do not end though they were killed: ${
          [...this.#seen.keys()].join(", ")
        }`
      ))
  })

  /** Asks those who are left to end, waits for them until that time, and kills them then. */
  readonly end = Effect.fnUntraced({ self: this }, function*(this: Descendants, deadline: number) {
    if (!(yield* this.signal("SIGTERM"))) return
    yield* this.signal("SIGCONT")
    const isDone = yield* this.#until(0, deadline - (yield* Clock.currentTimeMillis))
    if (!isDone) yield* this.kill
  })

  /** Sends it again and again until nobody is left; false if there still is somebody after so many milliseconds. */
  readonly #until = Effect.fnUntraced(
    { self: this },
    function*(this: Descendants, signal: string | number, millis: number) {
      const deadline = (yield* Clock.currentTimeMillis) + millis
      for (let wait = 0;; wait = Math.min(100, wait * 1.5 + 2)) {
        if (!(yield* this.signal(signal))) return true
        const left = deadline - (yield* Clock.currentTimeMillis)
        if (left <= 0) return false
        if (wait > 3) yield* Effect.sleep(Math.min(left, wait))
      }
    }
  )
}
