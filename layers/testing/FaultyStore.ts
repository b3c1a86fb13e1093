/**
 * A store on which the server may die at any point of a commit, and whose disk
 * may fail. What is on the disk, and nothing else, is told to the history.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { TaskStore } from "../../services/TaskStore.ts"
import type { Commit, Committed } from "../../src/store/Stored.ts"
import type { Disk } from "../store/Disk.ts"
import type { Weather } from "./Faults.ts"
import type { History } from "./History.ts"

/**
 * When it dies: with nothing written; while it is written, which shows later or
 * does not; when it is there and nobody was told; when that was told. Or the
 * disk fails, with the commit or without it, and the server sees to itself.
 */
type Point = "before" | "torn" | "written" | "after" | "kept" | "lost"

const points: ReadonlyArray<Point> = ["before", "torn", "written", "after", "kept", "lost"]

/** One run of a server, as its store sees it. */
export interface Incarnate {
  readonly isDead: () => boolean
  readonly die: () => void
  /** Runs it after what goes on. */
  readonly soon: (run: () => void) => void
}

const unknown: Committed = "unknown"

/** The store on that disk for one run of a server. `share` is how many commits go wrong, from 0 to 1. */
export const make = (
  store: TaskStore["Service"],
  disk: Disk,
  weather: Weather,
  history: History,
  share: number,
  { die, isDead, soon }: Incarnate
): TaskStore["Service"] => {
  const { counts, faults, random } = weather
  const { generation } = store.recovered

  const pointOf = (): Point | undefined => {
    if (weather.isFair || counts.crashes >= faults.crashes || !random.chance(share)) return undefined
    counts.crashes++
    return random.pick(points)
  }

  const write = (commit: Commit): Effect.Effect<Committed> =>
    Effect.map(store.commit(commit), (committed) => {
      if (committed === "committed") history.committed(commit, generation)
      return committed
    })

  const commit = (commit: Commit, point: Point | undefined): Effect.Effect<Committed> => {
    switch (point) {
      case undefined:
        return write(commit)
      case "before":
        die()
        return Effect.succeed(unknown)
      case "torn":
        return Effect.map(store.commit(commit), () => {
          disk.loseLast()
          die()
          return unknown
        })
      case "written":
        return Effect.map(write(commit), () => {
          die()
          return unknown
        })
      case "after":
        return Effect.map(write(commit), (committed) => {
          soon(die)
          return committed
        })
      case "kept":
      case "lost":
        disk.fail(disk.commits, point)
        return Effect.map(store.commit(commit), (committed) => {
          if (point === "kept") history.committed(commit, generation)
          return committed
        })
    }
  }

  return {
    ...store,
    isDurable: true,
    commit: (what) =>
      Effect.suspend(() => {
        const point = pointOf()
        const go = Effect.suspend(() => isDead() ? Effect.succeed(unknown) : commit(what, point))
        const delay = weather.delay()
        return delay > 0 ? Effect.delay(go, delay) : go
      })
  }
}
