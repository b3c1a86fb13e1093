/**
 * The processes of a machine as Linux tells of them, and which of them belong
 * to a child.
 *
 * @since 0.1.0
 */

/** One process; `start` (ticks since boot) tells it from an earlier one of its pid, `resident` is in pages. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** It has ended, and waits for its parent to take notice. */
  readonly isZombie: boolean
  /** A thread of the kernel. */
  readonly isKernel: boolean
  readonly start: number
  readonly resident: number
}

const kernelThread = 0x200000

/** Reads `/proc/<pid>/stat`. The name of the program, in parentheses, may hold anything. */
export const entryOf = (stat: string): ProcessEntry | undefined => {
  const end = stat.lastIndexOf(")")
  const pid = Number.parseInt(stat, 10)
  if (end < 0 || !Number.isInteger(pid)) return undefined
  const fields = stat.slice(end + 2).split(" ")
  const field = (number: number): number => Number(fields[number - 3])
  const state = fields[0]
  return {
    pid,
    parent: field(4),
    group: field(5),
    session: field(6),
    isZombie: state === "Z" || state === "X",
    isKernel: (field(9) & kernelThread) !== 0,
    start: field(22),
    resident: field(24)
  }
}

/** A process that runs, and the marks that it was started with. */
export interface MarkedEntry extends ProcessEntry {
  readonly marks: ReadonlyArray<string>
}

/** How a child is known again. */
export interface Kinship {
  readonly pid: number
  readonly mark: string
  /** Its own process has ended: another one with its pid has nothing to do with it. */
  readonly hasEnded: boolean
  /** Descendants that were seen before, by pid, with their start. */
  readonly seen: ReadonlyMap<number, number>
  /** Those in its control group, if it has one. */
  readonly grouped: ReadonlySet<number>
}

/**
 * The child and its descendants that live: those in its session, process group
 * or control group, those with its mark, those that were seen before, and the
 * children of all of these. `table` is in the order of pids, or any other.
 */
export const membersOf = (
  table: ReadonlyArray<MarkedEntry>,
  { grouped, hasEnded, mark, pid, seen }: Kinship
): ReadonlyArray<MarkedEntry> => {
  // A pid is given to another process only once nobody is left in the group and the session of that number.
  const isPassedOn = hasEnded && table.some((entry) => entry.pid === pid && !entry.isZombie)
  const members = new Set<number>()
  const isRelated = (entry: MarkedEntry): boolean =>
    grouped.has(entry.pid) ||
    entry.marks.includes(mark) ||
    seen.get(entry.pid) === entry.start ||
    (!isPassedOn && (entry.group === pid || entry.session === pid || entry.pid === pid)) ||
    members.has(entry.parent)
  for (let count = -1; count < members.size;) {
    count = members.size
    for (const entry of table) if (!members.has(entry.pid) && isRelated(entry)) members.add(entry.pid)
  }
  return table.filter((entry) => members.has(entry.pid) && !entry.isZombie)
}

/** The `Pss` of `/proc/<pid>/smaps_rollup` in bytes: its memory, where what is shared counts in parts. */
export const proportional = (rollup: string): number | undefined => {
  const found = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]
  return found === undefined ? undefined : Number(found) * 1_024
}
