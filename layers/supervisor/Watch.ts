/**
 * Looks again and again at what children take whose limits the kernel does not
 * enforce, and has those killed that take too much.
 *
 * @since 0.1.0
 */
import { Clock, Effect } from "effect"
import type { ProcessExit } from "../../src/process/ProcessExit.ts"
import type { MarkedEntry } from "../../src/process/ProcessTable.ts"
import { excess, lookAgainIn, nearness, type Usage, type Watched } from "../../src/process/Watching.ts"
import type { Descendants } from "./Descendants.ts"
import type { ProcessTableNode } from "./ProcessTableNode.ts"

/** A child that is watched. */
export interface Suspect {
  readonly limits: Watched
  readonly descendants: Descendants
  /** It has taken too much: it is killed. */
  readonly exceeded: (exit: ProcessExit) => Effect.Effect<void>
}

/** Watches children while there are any. */
export class Watch {
  readonly #table: ProcessTableNode
  readonly #suspects = new Set<Suspect>()
  #isLooking = false
  /** When the youngest was added. */
  #youngest = 0

  constructor(table: ProcessTableNode) {
    this.#table = table
  }

  readonly add = (suspect: Suspect): Effect.Effect<void> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      this.#youngest = now
      this.#suspects.add(suspect)
      if (this.#isLooking) return Effect.void
      this.#isLooking = true
      return Effect.asVoid(Effect.forkDetach(this.#look))
    })

  remove(suspect: Suspect): void {
    this.#suspects.delete(suspect)
  }

  #usage(members: ReadonlyArray<MarkedEntry>, { memory }: Watched): Usage {
    const resident = members.reduce((sum, { resident }) => sum + resident, 0) * this.#table.page
    // What several share is in each one's sum: only who seems to have too much is worth a closer look.
    const isClose = memory !== undefined && resident > memory && members.length > 1
    return {
      processes: members.length,
      memory: isClose ? members.reduce((sum, member) => sum + this.#table.memoryOf(member), 0) : resident
    }
  }

  readonly #look: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#suspects.size === 0) {
      this.#isLooking = false
      return Effect.void
    }
    return Effect.flatMap(this.#table.fresh, (table) => {
      let nearest = 0
      const guilty: Array<Effect.Effect<void>> = []
      for (const suspect of this.#suspects) {
        const usage = this.#usage(suspect.descendants.of(table), suspect.limits)
        const exit = excess(suspect.limits, usage)
        nearest = Math.max(nearest, nearness(suspect.limits, usage))
        if (exit === undefined) continue
        this.#suspects.delete(suspect)
        guilty.push(suspect.exceeded(exit))
      }
      return Effect.all(guilty, { discard: true }).pipe(
        Effect.andThen(Clock.currentTimeMillis),
        Effect.flatMap((now) => Effect.sleep(lookAgainIn(nearest, now - this.#youngest, this.#table.cost))),
        Effect.andThen(this.#look)
      )
    })
  })
}
