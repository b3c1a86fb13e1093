/**
 * What is ready: the highest priority first, within it each submitter in turn,
 * and of a submitter each of its lanes in turn.
 *
 * @since 0.1.0
 */
import { Deque } from "./Deque.ts"
import type { Lane } from "./Lane.ts"

interface Share {
  readonly submitter: string
  readonly lanes: Deque<Lane>
}

interface Level {
  readonly priority: number
  readonly turns: Deque<Share>
  readonly shares: Map<string, Share>
}

/** What it costs to find the next lane does not depend on how many tasks, lanes or submitters wait. */
export class Ready {
  #levels: Array<Level> = []

  add(lane: Lane): void {
    if (lane.rings.has(this)) return
    lane.rings.add(this)
    const level = this.#level(lane.priority)
    let share = level.shares.get(lane.submitter)
    if (share === undefined) {
      share = { submitter: lane.submitter, lanes: new Deque() }
      level.shares.set(lane.submitter, share)
      level.turns.push(share)
    }
    share.lanes.push(lane)
  }

  /** The lane whose turn it is; what has run empty, was parked or belongs elsewhere falls out on the way. */
  next(): Lane | undefined {
    let isStale = false
    let found: Lane | undefined
    for (const level of this.#levels) {
      found = this.#nextOf(level)
      if (found !== undefined) break
      isStale = true
    }
    if (isStale) this.#levels = this.#levels.filter(({ turns }) => turns.length > 0)
    return found
  }

  /** All that are ready, in order: for whoever cannot take the next. */
  *lanes(): Generator<Lane> {
    for (const { turns } of this.#levels) {
      let turn = 0
      for (let share = turns.at(turn); share !== undefined; share = turns.at(++turn)) {
        let place = 0
        for (let lane = share.lanes.at(place); lane !== undefined; lane = share.lanes.at(++place)) {
          if (this.#isHere(lane)) yield lane
        }
      }
    }
  }

  /** The lane was served: another submitter has its turn, and another lane of this one after that. */
  served(lane: Lane): void {
    const { priority, submitter } = lane
    const level = this.#levels.find((level) => level.priority === priority)
    const first = level?.turns.peek()
    if (level === undefined || first === undefined) return
    if (first.lanes.peek() === lane) {
      first.lanes.rotate()
      level.turns.rotate()
      return
    }
    const share = level.shares.get(submitter)
    if (share === undefined || !lane.rings.has(this)) return
    share.lanes.filter((other) => other !== lane)
    share.lanes.push(lane)
    level.turns.filter((other) => other !== share)
    level.turns.push(share)
  }

  /** Takes every lane out. */
  clear(): void {
    for (const { shares } of this.#levels) {
      for (const { lanes } of shares.values()) {
        for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift()) lane.rings.delete(this)
      }
    }
    this.#levels = []
  }

  #isHere(lane: Lane): boolean {
    return !lane.isEmpty && !lane.isParked && (lane.home === undefined || lane.home === this)
  }

  #nextOf(level: Level): Lane | undefined {
    while (true) {
      const share = level.turns.peek()
      if (share === undefined) return undefined
      while (true) {
        const lane = share.lanes.peek()
        if (lane === undefined) break
        if (this.#isHere(lane)) return lane
        share.lanes.shift()
        lane.rings.delete(this)
      }
      level.turns.shift()
      level.shares.delete(share.submitter)
    }
  }

  #level(priority: number): Level {
    const known = this.#levels.find((level) => level.priority === priority)
    if (known !== undefined) return known
    const level: Level = { priority, turns: new Deque(), shares: new Map() }
    this.#levels.push(level)
    this.#levels.sort((left, right) => right.priority - left.priority)
    return level
  }
}
