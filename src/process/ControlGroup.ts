/**
 * Control groups of Linux, version 2: which of them are ours to divide, and
 * what is written to the one of a child.
 *
 * @since 0.1.0
 */
import type { LimitNumbers } from "./ChildSpec.ts"
import { threadsPerProcess } from "./Launch.ts"

/** The controllers that limit what children may take. */
export const wanted: ReadonlyArray<string> = ["cpu", "memory", "pids"]

/** What is known of the group that this process is in. */
export interface OwnGroup {
  /** Its folder. */
  readonly folder: string
  /** Files can be made in it and processes put in it. */
  readonly isWritable: boolean
  /** It is the first that this process can see. */
  readonly isTop: boolean
  /** It has a `cgroup.type`, which all have but the one of the whole machine. */
  readonly hasType: boolean
  readonly isRoot: boolean
  readonly pid: number
  /** The processes in it. */
  readonly processes: ReadonlyArray<number>
}

/**
 * Whether it was given to this process to divide. One that a user can write to
 * was delegated; root can write to all of them, and may have only that of its
 * own container. A group with processes in it cannot be divided, so these would
 * have to be moved: it is left alone unless this process is alone in it.
 */
export const isOurs = ({ hasType, isRoot, isTop, isWritable, pid, processes }: OwnGroup): boolean =>
  isWritable && hasType && (!isRoot || isTop) && processes.every((process) => process === pid)

/** The path of this process's group in `/proc/self/cgroup`, if it is in one of version 2. */
export const pathOf = (cgroup: string): string | undefined => /^0::(.*)$/m.exec(cgroup)?.[1]

/** A file of a group, and what is written to it. */
export type GroupFile = readonly [name: string, text: string]

const period = 100_000

/** The files of a child's group. The limit of processes is one of threads too, so it is wide: see `threadsPerProcess`. */
export const filesOf = (
  { cpu, memory, processes }: LimitNumbers,
  controllers: ReadonlySet<string>
): ReadonlyArray<GroupFile> => [
  ...(memory === undefined || !controllers.has("memory") ? [] : [
    ["memory.max", String(Math.ceil(memory))],
    // What does not fit into its memory would go there otherwise.
    ["memory.swap.max", "0"],
    ["memory.oom.group", "1"]
  ] as const),
  ...(cpu === undefined || !controllers.has("cpu") ? [] : [
    ["cpu.max", `${Math.max(1_000, Math.round(cpu * period))} ${period}`]
  ] as const),
  ...(processes === undefined || !controllers.has("pids") ? [] : [
    ["pids.max", String(processes * threadsPerProcess)]
  ] as const)
]

/** How many were killed in a group because of its memory, from `memory.events`. */
export const killsOf = (events: string): number => Number(/^oom_kill (\d+)/m.exec(events)?.[1] ?? 0)
