/**
 * What is ready, by requirement class, priority, submitter and session.
 *
 * @since 0.1.0
 */
import type { Resources, TaskSpec } from "../task/TaskSpec.ts"
import { Deque } from "./Deque.ts"
import type { Group } from "./Group.ts"
import type { LimitState } from "./Limits.ts"
import type { NodeState } from "./NodeState.ts"
import type { Ready } from "./Ready.ts"
import { oneSlot } from "./Requirements.ts"
import type { SessionState } from "./SessionState.ts"
import type { Source } from "./Source.ts"

/** Tasks with the same requirement and the same limits: what can run one can run all. */
export class TaskClass {
  readonly key: string
  readonly requirement: TaskSpec["requirement"]
  readonly limits: ReadonlyArray<LimitState>
  readonly demand: Resources
  /**
   * Needs more than a slot anywhere: an executor must be looked for, and none is
   * given in advance, where it would hold a node's room or a limit's and not run.
   */
  readonly isPicky: boolean
  /** The groups of executors that meet the requirement, on some node at least. */
  readonly groups = new Set<Group>()
  readonly lanes = new Map<string, Lane>()
  /** Nothing is left of it; the same requirement makes a new class. */
  isRetired = false

  constructor(key: string, requirement: TaskSpec["requirement"], limits: ReadonlyArray<LimitState>) {
    this.key = key
    this.requirement = requirement
    this.limits = limits
    this.demand = requirement.demand ?? oneSlot
    this.isPicky = requirement.demand !== undefined || requirement.node !== undefined || limits.length > 0
  }

  canRunOn(node: NodeState): boolean {
    const { node: wanted } = this.requirement
    return (wanted === undefined || wanted === node.id) && node.canEverHold(this.demand)
  }
}

/** A queue of one submitter: first what was given back, then the sources in order, then jobs in turn. */
export class Lane {
  readonly key: string
  readonly taskClass: TaskClass
  readonly priority: number
  readonly submitter: string
  readonly session: SessionState | undefined
  readonly returned = new Deque<number>()
  readonly sources = new Deque<Source>()
  /** Sources that make tasks when an executor is free for them. */
  readonly jobs: Array<Source> = []
  /** Where it stands, though it may have run empty there. */
  readonly rings = new Set<Ready>()
  /** The only place where it may be served: with the executor that holds its session. */
  home: Ready | undefined
  /** It waits for a limit or for capacity, and is not to be served. */
  isParked = false
  /** It is capacity that it waits for. */
  isStarved = false
  /** Placements when it first found no room, while it finds none. */
  passedOverSince: number | undefined
  reservation: NodeState | undefined
  /** Sources that name it. */
  users = 0
  /** Its submitter is gone: it goes with its last source. */
  isOrphan = false
  /** Sources that have ended in `sources`, at the most. */
  stale = 0

  constructor(
    key: string,
    taskClass: TaskClass,
    priority: number,
    submitter: string,
    session: SessionState | undefined
  ) {
    this.key = key
    this.taskClass = taskClass
    this.priority = priority
    this.submitter = submitter
    this.session = session
  }

  get isEmpty(): boolean {
    return this.returned.length === 0 && this.sources.length === 0 && this.jobs.length === 0
  }
}
