/**
 * What a server reads from its store while it runs: payloads that were not in
 * memory, and endings for submitters that could not hear of them in time.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Assignment, Batch } from "../../src/dispatch/Command.ts"
import type { ExecutorCommand } from "../../src/protocol/ExecutorPort.ts"
import type { ExecutorId } from "../../src/task/Attempt.ts"
import type { Session } from "./Session.ts"
import type { Shell } from "./Shell.ts"

/** So many endings are read at a time. */
const page = 512

type Run = (effect: Effect.Effect<void>) => void

/** Attempts that wait for their payloads, and readers. */
export class Reading {
  readonly #shell: Shell
  readonly #run: Run
  /** By position: who is to be given the task once its payload is there. */
  readonly #late = new Map<number, { readonly executorId: ExecutorId; readonly assignment: Assignment }>()

  constructor(shell: Shell, run: Run) {
    this.#shell = shell
    this.#run = run
  }

  /** Reads the tasks that come next of a window. */
  load(source: number, { submitter: _ }: Batch, from: number, count: number): void {
    this.#read(source, from, count, (loaded) => this.#shell.tell({ _tag: "loaded", source, count: loaded }))
  }

  /** Gives the attempt to the executor once its payload has been read. */
  assign(executorId: ExecutorId, assignment: Assignment): void {
    const { batch: { source }, index, task } = assignment
    this.#late.set(task, { executorId, assignment })
    this.#read(source, index, 1, () => {
      if (this.#late.get(task)?.assignment !== assignment) return
      this.#late.delete(task)
      const attempt = this.#shell.attemptOf(assignment)
      if (attempt !== undefined) this.#shell.command(executorId, { _tag: "Assign", attempts: [attempt] })
    })
  }

  #read(source: number, from: number, count: number, done: (loaded: number) => void): void {
    const { held: all, store } = this.#shell
    const held = all.get(source)
    if (held === undefined) return
    this.#run(Effect.match(store.payloads(held.stored.source, from, count), {
      onFailure: ({ message }) => this.#shell.failed(message),
      onSuccess: (payloads) => {
        this.#shell.loaded(held, () => held.load(from, payloads))
        done(payloads.offsets.length - 1)
      }
    }))
  }

  /** An attempt that has not been sent is answered for in here; true if nothing is left to send. */
  intercept(executorId: ExecutorId, command: ExecutorCommand): boolean {
    if (this.#late.size === 0) return false
    if (command._tag === "Revoke") {
      if (!this.#take(executorId, command.task, command.epoch)) return false
      const { epoch, kill, task } = command
      const outcome = { _tag: "Interrupted", by: "the server", cleanly: !kill } as const
      this.#shell.answer(executorId, { _tag: "ended", reports: [{ task, epoch, outcome }] })
      return true
    }
    if (command._tag !== "Recall") return false
    const unsent = command.leases.filter(({ epoch, task }) => this.#take(executorId, task, epoch))
    if (unsent.length > 0) this.#shell.answer(executorId, { _tag: "recalled", leases: unsent })
    const leases = command.leases.filter((lease) => !unsent.includes(lease))
    if (unsent.length > 0 && leases.length > 0) {
      this.#shell.executors.get(executorId)?.commands.offer({ _tag: "Recall", leases })
    }
    return unsent.length > 0
  }

  #take(executorId: ExecutorId, task: number, epoch: number): boolean {
    const late = this.#late.get(task)
    if (late?.executorId !== executorId || late.assignment.epoch !== epoch) return false
    return this.#late.delete(task)
  }

  /** Tells a submitter what it has missed, as far as it may have more. */
  go(session: Session): void {
    if (session.isReading || session.isLive || session.notices === undefined || !session.hasRoom) return
    const { committed, store } = this.#shell
    if (!session.hasMissed) {
      session.isLive = true
      return
    }
    session.isReading = true
    session.hasMissed = false
    const { submitter } = session
    const { notices } = session
    this.#run(Effect.match(store.endings({ submitter, after: session.sent, limit: page }), {
      onFailure: ({ message }) => this.#shell.failed(message),
      onSuccess: ({ items, next }) => {
        session.isReading = false
        // It has gone, or come back, meanwhile.
        if (session.notices !== notices) {
          session.hasMissed = true
          return this.go(session)
        }
        session.hasMissed ||= next !== undefined
        session.tell(items, items.at(-1)?.sequence ?? Math.max(session.sent, next === undefined ? committed : 0))
        session.notices?.flush()
        this.go(session)
      }
    }))
  }
}
