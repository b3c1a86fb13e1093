/**
 * Drives a dispatcher as a server would, with executors that do nothing: what
 * they are given starts and ends at once.
 */
import type { Commands } from "../src/dispatch/Command.ts"
import { Dispatcher } from "../src/dispatch/Dispatcher.ts"
import type { Event, Report } from "../src/dispatch/Event.ts"
import { ExecutorId, NodeId } from "../src/task/Attempt.ts"
import type { Outcome } from "../src/task/Outcome.ts"
import type { TaskSpec } from "../src/task/TaskSpec.ts"

const spec: TaskSpec = {
  requirement: { library: "bench", version: "1.0.0", fingerprint: "0", taskName: "Nothing", services: [], labels: [] },
  encoding: "binary",
  delivery: "atLeastOnce",
  grace: 5_000,
  limits: []
}

const succeeded: Outcome = { _tag: "Succeeded", value: { encoding: "binary", bytes: new Uint8Array() } }

interface Given {
  readonly tasks: Array<number>
  readonly epochs: Array<number>
}

/** A dispatcher with as many executors of as many slots, on one node each. */
export class Dispatching {
  readonly dispatcher = new Dispatcher({ partition: 0, generation: 1, commits: "immediate" })
  /** What each executor has been given and not done yet; as numbers, which cost no garbage collection. */
  readonly #given = new Map<ExecutorId, Given>()
  #requests = 0
  #now = 0
  ended = 0

  constructor(executors: number, slots: number) {
    this.join(executors, slots)
  }

  join(executors: number, slots: number): void {
    this.handle(
      Array.from({ length: executors }, (_, index) => this.#joined(ExecutorId.make(`executor-${index}`), slots))
    )
  }

  #joined(executorId: ExecutorId, slots: number): Event {
    this.#given.set(executorId, { tasks: [], epochs: [] })
    return {
      _tag: "joined",
      executor: {
        executorId,
        node: { nodeId: NodeId.make(executorId) },
        slots,
        prefetch: slots,
        libraries: [{ name: "bench", version: "1.0.0", tasks: { Nothing: "0" } }],
        services: [],
        labels: [],
        heartbeat: false
      }
    }
  }

  /** Hands over that many tasks as one list. */
  submit(count: number): void {
    const request = ++this.#requests
    this.handle([{
      _tag: "submitted",
      request,
      submitter: "bench",
      submission: `submission-${request}`,
      entries: [{ kind: "list", count, spec, priority: 0 }],
      whenUnmet: "wait",
      isOpen: false,
      isWatched: false
    }])
  }

  handle(events: ReadonlyArray<Event>): void {
    this.#take(this.dispatcher.handle(events, this.#now += 0.01))
  }

  #take({ assign, notify }: Commands): void {
    for (const { assignments, executorId } of assign) {
      const given = this.#given.get(executorId)
      if (given === undefined) continue
      for (const { epoch, task } of assignments) {
        given.tasks.push(task)
        given.epochs.push(epoch)
      }
    }
    for (const { notice } of notify) {
      if (notice._tag === "Ended") { for (const { count } of notice.endings) this.ended += count }
    }
  }

  /** Each executor in turn starts and ends what it was given, until nothing is left. */
  finish(): void {
    for (let left = true; left;) {
      left = false
      for (const [executorId, { epochs, tasks }] of this.#given) {
        if (tasks.length === 0) continue
        left = true
        this.#given.set(executorId, { tasks: [], epochs: [] })
        const reports = tasks.map((task, index): Report => ({
          task,
          epoch: epochs[index] ?? 0,
          startedAt: this.#now,
          outcome: succeeded
        }))
        this.handle([{ _tag: "started", executorId, leases: reports }, { _tag: "ended", executorId, reports }])
      }
    }
  }

  /** All executors leave with what they were given and have not started. */
  leave(): void {
    const executors = [...this.#given.keys()]
    this.#given.clear()
    this.handle(executors.map((executorId) => ({ _tag: "left", executorId, reason: "left", isClean: true })))
  }
}
