/**
 * How closely children are watched that the kernel does not limit.
 *
 * @since 0.1.0
 */
import type { LimitNumbers } from "./ChildSpec.ts"
import type { ProcessExit } from "./ProcessExit.ts"

/** What a child and its descendants take: bytes of memory, processes. */
export interface Usage {
  readonly memory: number
  readonly processes: number
}

/** What is to be watched of the limits of a child. */
export type Watched = Pick<LimitNumbers, "memory" | "processes">

/** What it is to be killed for, if anything. */
export const excess = ({ memory, processes }: Watched, usage: Usage): ProcessExit | undefined => {
  if (memory !== undefined && usage.memory > memory) {
    return { _tag: "MemoryExceeded", limit: memory, used: usage.memory }
  }
  if (processes !== undefined && usage.processes > processes) {
    return { _tag: "ProcessesExceeded", limit: processes, used: usage.processes }
  }
  return undefined
}

/** How near it is to the nearest of its limits: 1 is there. */
export const nearness = ({ memory, processes }: Watched, usage: Usage): number =>
  Math.max(
    memory === undefined ? 0 : usage.memory / memory,
    processes === undefined ? 0 : usage.processes / processes
  )

/**
 * Milliseconds until the next look: the nearer to a limit the sooner, and the
 * sooner the younger the youngest is, as what multiplies does so at once. `age`
 * and `cost`, what the last look took, are in milliseconds. Looking takes no
 * more than a twentieth of the time, however many processes there are; for the
 * first second it may take more.
 */
export const lookAgainIn = (nearest: number, age: number, cost: number): number => {
  const patience = nearest > 0.75 ? 50 : nearest > 0.4 ? 100 : 200
  return age < 1_000 ? Math.max(10, Math.min(patience, age / 2), cost * 4) : Math.max(patience, cost * 20)
}
