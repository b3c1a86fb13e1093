/**
 * Collects the commands of one turn.
 *
 * @since 0.1.0
 */
import type { ExecutorId } from "../task/Attempt.ts"
import type { Acceptance, Assignment, Batch, Commands, Ending, Notice, Revocation, Transition } from "./Command.ts"
import type { LeaseRef } from "./Event.ts"
import type { ExecutorState } from "./ExecutorState.ts"

/** Numbers the transitions; everything else is handed out and forgotten each turn. */
export class Outbox {
  #sequence: number
  #persist: Array<Transition> = []
  #accept: Array<Acceptance> = []
  #assigned: Array<ExecutorState> = []
  #recall: Array<{ executorId: ExecutorId; leases: ReadonlyArray<LeaseRef> }> = []
  #revoke: Array<Revocation> = []
  #load: Array<Commands["load"][number]> = []
  #produce: Array<Commands["produce"][number]> = []
  #notify: Array<{ submitter: string; notice: Notice }> = []
  readonly #endings = new Map<string, Array<Ending>>()
  #lastEnded: string | undefined
  #lastEndings: Array<Ending> = []

  constructor(sequence: number) {
    this.#sequence = sequence
  }

  get sequence(): number {
    return this.#sequence
  }

  record(
    at: number,
    kind: Transition["kind"],
    task: number,
    count: number,
    epoch: number,
    executorId: ExecutorId | undefined,
    detail: Transition["detail"]
  ): number {
    this.#persist.push({ sequence: ++this.#sequence, at, kind, task, count, epoch, executorId, detail })
    return this.#sequence
  }

  accept(acceptance: Acceptance): void {
    this.#accept.push(acceptance)
  }

  assign(executor: ExecutorState, assignment: Assignment): void {
    if (executor.outgoing.length === 0) this.#assigned.push(executor)
    executor.outgoing.push(assignment)
  }

  recall(executorId: ExecutorId, leases: ReadonlyArray<LeaseRef>): void {
    this.#recall.push({ executorId, leases })
  }

  revoke(revocation: Revocation): void {
    this.#revoke.push(revocation)
  }

  load(batch: Batch, from: number, count: number): void {
    this.#load.push({ source: batch.source, from, count, batch })
  }

  produce(batch: Batch, executorId: ExecutorId): void {
    this.#produce.push({ source: batch.source, executorId, batch })
  }

  notify(submitter: string, notice: Notice): void {
    this.#notify.push({ submitter, notice })
    // What ends from now on is told after this.
    this.#endings.delete(submitter)
    this.#lastEnded = undefined
  }

  /** Endings for one submitter leave together, in order with its other notices. */
  ended(submitter: string, ending: Ending): void {
    if (submitter !== this.#lastEnded) {
      this.#lastEnded = submitter
      this.#lastEndings = this.#endingsOf(submitter)
    }
    this.#lastEndings.push(ending)
  }

  #endingsOf(submitter: string): Array<Ending> {
    const known = this.#endings.get(submitter)
    if (known !== undefined) return known
    const endings: Array<Ending> = []
    this.#endings.set(submitter, endings)
    this.#notify.push({ submitter, notice: { _tag: "Ended", endings } })
    return endings
  }

  take(wake: number | undefined): Commands {
    const assign: Array<Commands["assign"][number]> = []
    for (const executor of this.#assigned) {
      const assignments = executor.outgoing
      executor.outgoing = []
      if (!executor.isGone) assign.push({ executorId: executor.spec.executorId, assignments })
    }
    const commands: Commands = {
      accept: this.#accept,
      persist: this.#persist,
      assign,
      recall: this.#recall,
      revoke: this.#revoke,
      load: this.#load,
      produce: this.#produce,
      notify: this.#notify,
      wake
    }
    this.#persist = []
    this.#accept = []
    this.#assigned = []
    this.#recall = []
    this.#revoke = []
    this.#load = []
    this.#produce = []
    this.#notify = []
    this.#endings.clear()
    this.#lastEnded = undefined
    return commands
  }
}
