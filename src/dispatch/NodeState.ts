/**
 * The capacity of a machine, shared by the executors on it.
 *
 * @since 0.1.0
 */
import type { NodeId } from "../task/Attempt.ts"
import type { Resources } from "../task/TaskSpec.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import type { Lane } from "./Lane.ts"
import { holds } from "./Requirements.ts"

const unbounded: Resources = { cpu: Infinity, bytes: Infinity, slots: Infinity }

/** Fractions of a core do not add up exactly; millionths do. */
const millionths = (cpu: number): number => Math.round(cpu * 1e6)

/** Never gives out more than there is, and takes each part back once. */
export class NodeState {
  readonly id: NodeId
  readonly capacity: Resources
  readonly executors = new Set<ExecutorState>()
  /** Even a task that demands one slot must be counted here. */
  readonly isBounded: boolean
  /** A request that was passed over too often: nothing else starts here before it. */
  reservedFor: Lane | undefined
  #millionths = 0
  bytes = 0
  slots = 0

  constructor(id: NodeId, capacity: Resources | undefined) {
    this.id = id
    this.capacity = capacity ?? unbounded
    this.isBounded = this.capacity.slots !== Infinity
  }

  get cpu(): number {
    return this.#millionths / 1e6
  }

  /** Not even the smallest task finds room. */
  get isFull(): boolean {
    return this.slots >= this.capacity.slots
  }

  canEverHold(demand: Resources): boolean {
    return holds(this.capacity, demand)
  }

  fits(demand: Resources): boolean {
    const { capacity } = this
    return this.slots + demand.slots <= capacity.slots && this.bytes + demand.bytes <= capacity.bytes &&
      this.#millionths + millionths(demand.cpu) <= millionths(capacity.cpu)
  }

  take(demand: Resources): void {
    this.#millionths += millionths(demand.cpu)
    this.bytes += demand.bytes
    this.slots += demand.slots
  }

  release(demand: Resources): void {
    this.#millionths -= millionths(demand.cpu)
    this.bytes -= demand.bytes
    this.slots -= demand.slots
  }
}
