/**
 * An executor as the dispatcher sees it.
 *
 * @since 0.1.0
 */
import type { Assignment } from "./Command.ts"
import type { ExecutorSpec } from "./Event.ts"
import type { Group } from "./Group.ts"
import type { TaskClass } from "./Lane.ts"
import type { NodeState } from "./NodeState.ts"
import type { Ready } from "./Ready.ts"
import type { SessionState } from "./SessionState.ts"

/** Its load is what it was given and has not acknowledged as ended, and what is being made for it. */
export class ExecutorState {
  readonly index: number
  readonly spec: ExecutorSpec
  readonly node: NodeState
  readonly group: Group
  /** Tasks that it holds a lease for, in no order. */
  readonly leases: Array<number> = []
  /** Attempts that were given up while it still works at them, and so keep their room. */
  readonly abandoned = new Map<number, { readonly epoch: number; readonly taskClass: TaskClass }>()
  /** The sessions that it holds, and what is ready of them. */
  readonly sessions = new Set<SessionState>()
  own: Ready | undefined
  /** What is ready of its sessions and what is ready for all have their turns. */
  isOwnTurn = false
  /** Assignments of this turn. */
  outgoing: Array<Assignment> = []
  slots: number
  asked = 0
  recalls = 0
  seenAt: number
  isDraining = false
  isGone = false
  /** In which rings of its group it stands; whether it still belongs there is looked up when it is met. */
  isInIdle = false
  isInSpare = false
  /** It stands among those that hold more than they have slots for, or did. */
  isInOverfull = false

  constructor(index: number, spec: ExecutorSpec, node: NodeState, group: Group, now: number) {
    this.index = index
    this.spec = spec
    this.node = node
    this.group = group
    this.slots = spec.slots
    this.setSlots(spec.slots)
    this.seenAt = now
  }

  get load(): number {
    return this.leases.length + this.abandoned.size + this.asked
  }

  get hasFreeSlot(): boolean {
    return this.load < this.slots
  }

  /** One without any slot, such as a thread that is being replaced, gets nothing in advance either. */
  get hasRoom(): boolean {
    return this.slots > 0 && this.load < this.slots + this.spec.prefetch
  }

  /** So much may be here as the group knows of. */
  setSlots(slots: number): void {
    this.slots = slots
    this.group.most = Math.max(this.group.most, slots + this.spec.prefetch)
  }
}
