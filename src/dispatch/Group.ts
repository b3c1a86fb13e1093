/**
 * Executors that can do the same, and what is ready for them.
 *
 * @since 0.1.0
 */
import { Deque } from "./Deque.ts"
import type { ExecutorState } from "./ExecutorState.ts"
import { Ready } from "./Ready.ts"
import type { Capability } from "./Requirements.ts"

/** Exists while there is an executor in it. */
export class Group {
  readonly key: string
  readonly capability: Capability
  /** How many executors are in it, and the most that one of them may hold, or might have. */
  size = 0
  most = 0
  /** Those with a free slot, and those that take work in advance; each stands at most once in either. */
  readonly idle = new Deque<ExecutorState>()
  readonly spare = new Deque<ExecutorState>()
  readonly ready = new Ready()

  constructor(key: string, capability: Capability) {
    this.key = key
    this.capability = capability
  }

  /** How much its executors can do: the plainest are served first, which leaves the rare ones for what needs them. */
  get breadth(): number {
    const { labels, libraries, services } = this.capability
    return services.length + labels.length + libraries.length
  }
}
