/**
 * Which processes with executors are started, and which are sent away: no more
 * threads than cores in all, but at least one for every module that somebody
 * needs.
 *
 * @since 0.1.0
 */

/** A module that executors may be started for. */
export interface Wanted {
  readonly id: string
  /** Of one family only the newest is started for tasks that nobody waits for. */
  readonly family: string
  /** Grows: the newest has the highest. */
  readonly order: number
  /** How many threads it can use. */
  readonly threads: number
  /** Who is connected and asked for it. */
  readonly clients: number
  /** Tasks of it wait or run. */
  readonly hasTasks: boolean
  /** It is not started before; `Infinity` if it cannot be used as it is. */
  readonly notBefore: number
}

/** A process that was started for a module. */
export interface Hand {
  readonly id: string
  readonly wanted: string
  readonly threads: number
  /** It has been told to end. */
  readonly isLeaving: boolean
  /** Since when it has had nothing to do, in milliseconds; undefined while it has, or starts. */
  readonly idleSince: number | undefined
}

/** What there is to divide. */
export interface Means {
  readonly cores: number
  /** Milliseconds for which a process that nobody needs stays. */
  readonly idle: number
  readonly now: number
}

/** One thing to do. */
export type Step =
  | { readonly _tag: "Start"; readonly wanted: string; readonly threads: number }
  /** It gives back what it has not started, finishes what it runs, and ends. */
  | { readonly _tag: "Drain"; readonly hand: string }

/** What to do now, and when to ask again if nothing happens before. */
export interface Plan {
  readonly steps: ReadonlyArray<Step>
  readonly wake: number | undefined
}

const isSuperseded = (wanted: Wanted, all: ReadonlyArray<Wanted>): boolean =>
  all.some(({ family, order }) => family === wanted.family && order > wanted.order)

const isNeeded = (wanted: Wanted, all: ReadonlyArray<Wanted>): boolean =>
  wanted.clients > 0 || (wanted.hasTasks && !isSuperseded(wanted, all))

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

/** Decides. */
export const plan = (all: ReadonlyArray<Wanted>, hands: ReadonlyArray<Hand>, { cores, idle, now }: Means): Plan => {
  const steps: Array<Step> = []
  const wakes: Array<number> = []
  const needed = new Set(all.filter((wanted) => isNeeded(wanted, all)).map(({ id }) => id))
  const superseded = new Set(all.filter((wanted) => isSuperseded(wanted, all)).map(({ id }) => id))
  const known = new Set(all.map(({ id }) => id))
  const working = hands.filter(({ isLeaving }) => !isLeaving)
  const isWithout = ({ id }: Wanted) => !working.some(({ wanted }) => wanted === id)
  const waiting = all.filter((wanted) => needed.has(wanted.id) && isWithout(wanted))
  const isCrowded = waiting.length > 0 && sum(working.map(({ threads }) => threads)) >= cores

  const staying = working.filter(({ id, idleSince, wanted }) => {
    if (needed.has(wanted)) return true
    const isReplaced = !known.has(wanted) || superseded.has(wanted)
    const until = idleSince === undefined ? undefined : isCrowded ? idleSince : idleSince + idle
    if (isReplaced || (until !== undefined && until <= now)) {
      steps.push({ _tag: "Drain", hand: id })
      return false
    }
    if (until !== undefined) wakes.push(until)
    return true
  })

  let free = cores - sum(staying.map(({ threads }) => threads))
  let left = waiting.length
  for (const { id, notBefore, threads } of waiting) {
    if (notBefore <= now) {
      const share = Math.max(1, Math.min(threads, Math.floor(free / left)))
      steps.push({ _tag: "Start", wanted: id, threads: share })
      free -= share
    } else if (notBefore !== Infinity) wakes.push(notBefore)
    left--
  }
  for (const { id, notBefore, threads } of all) {
    const has = sum(staying.filter(({ wanted }) => wanted === id).map(({ threads }) => threads))
    const more = Math.min(free, threads - has)
    if (has === 0 || more <= 0 || !needed.has(id) || notBefore > now) continue
    steps.push({ _tag: "Start", wanted: id, threads: more })
    free -= more
  }
  return { steps, wake: wakes.length === 0 ? undefined : Math.min(...wakes) }
}

/** Milliseconds before a module is started again whose processes ended by themselves so many times in a row. */
export const pauseAfter = (failures: number): number => Math.min(30_000, 100 * 2 ** Math.min(failures, 20))
