/**
 * Single tasks that somebody waits for. Those that are handed over within one
 * turn travel together, so that a thousand waiting fibers cost little more
 * than one set of a thousand.
 *
 * @since 0.1.0
 */
import { Effect, Exit } from "effect"
import type { SubmitOptions } from "../../services/Submitter.ts"
import type { Ending } from "../../src/dispatch/Command.ts"
import type { Dependency, Entry, Trace } from "../../src/dispatch/Event.ts"
import { isValue } from "../../src/task/Immediate.ts"
import { hashPayload } from "../../src/task/PayloadHash.ts"
import { idempotencyKey } from "../../src/task/TaskDefinition.ts"
import { type SubmitError, UnknownDependency } from "../../src/task/TaskError.ts"
import type { Connection } from "./Connection.ts"
import { decodeOutcome, exitOf } from "./Decoding.ts"
import { type Known, type Registry, timing } from "./Registry.ts"

/** One task under way. */
export interface Run {
  readonly known: Known
  readonly payload: unknown
  readonly bytes: Uint8Array
  readonly options: SubmitOptions
  readonly trace: Trace | undefined
  readonly resume: (exit: Effect.Effect<unknown, unknown, unknown>) => void
  task: number
  isEnded: boolean
  isCancelled: boolean
  /** Who waits for the end of a cancelled one. */
  onEnd: (() => void) | undefined
}

const byRunner = "its submitter"

/** What an entry is to follow, as the server names it. */
export const dependencies = (
  { port }: Connection,
  taskName: string,
  after: ReadonlyArray<{ readonly id: string }>
): ReadonlyArray<Dependency> | UnknownDependency => {
  const positions: Array<Dependency> = []
  for (const { id } of after) {
    const position = port.positionOf(id)
    if (position === undefined) return new UnknownDependency({ taskName, dependency: id })
    positions.push(position)
  }
  return positions
}

/** Whether two may travel as one entry: alike in everything but their payloads. */
const isAlike = (left: Run, right: Run): boolean =>
  left.known === right.known && left.options === right.options && left.trace === right.trace &&
  left.options.after === undefined && left.known.definition.idempotencyKey === undefined

/** Hands over, follows and cancels single tasks. */
export class Runs {
  readonly #connection: Connection
  readonly #registry: Registry
  #outgoing: Array<Run> = []
  readonly #submission: string

  constructor(connection: Connection, registry: Registry) {
    this.#connection = connection
    this.#registry = registry
    this.#submission = `${connection.name}/runs`
  }

  /** Starts a task; `resume` is told how it ended. The result is to be run when nobody waits for it any more. */
  start(
    known: Known,
    payload: unknown,
    bytes: Uint8Array,
    options: SubmitOptions,
    trace: Trace | undefined,
    resume: Run["resume"]
  ): Effect.Effect<void> {
    const run: Run = {
      known,
      payload,
      bytes,
      options,
      trace,
      resume,
      task: -1,
      isEnded: false,
      isCancelled: false,
      onEnd: undefined
    }
    if (this.#outgoing.push(run) === 1) this.#connection.later(this.#send)
    return Effect.callback<void>((resume) => {
      if (run.isEnded) return resume(Effect.void)
      run.onEnd = () => resume(Effect.void)
      run.isCancelled = true
      if (run.task >= 0) this.#connection.cancel({ task: run.task }, byRunner)
    })
  }

  /** Hands over what was started within the turn. */
  readonly #send = (): void => {
    const runs = this.#outgoing
    this.#outgoing = []
    let batch: Array<Run> = []
    for (const run of runs) {
      const [first] = batch
      if (first !== undefined && !isAlike(first, run)) {
        this.#submit(batch)
        batch = []
      }
      batch.push(run)
    }
    this.#submit(batch)
    this.#connection.port.flush()
  }

  #submit(runs: ReadonlyArray<Run>): void {
    const [first] = runs
    if (first === undefined) return
    const { known, options, trace } = first
    const { name, priority } = known.definition
    const after = dependencies(this.#connection, name, options.after ?? [])
    if (after instanceof UnknownDependency) return this.#refused(runs, after)
    const keys = runs.flatMap(({ payload }) => idempotencyKey(known.definition, payload) ?? [])
    const entry: Entry = {
      kind: "list",
      count: runs.length,
      spec: this.#registry.specOf(known, options),
      priority: options.priority ?? priority,
      ...timing(known, options),
      ...(after.length > 0 && { after }),
      ...(options.onDependencyFailure && { onDependencyFailure: options.onDependencyFailure }),
      ...(options.session !== undefined && { session: options.session }),
      ...(keys.length > 0 && { keys, hashes: runs.map(({ bytes }) => hashPayload(bytes)) }),
      ...(trace && { trace })
    }
    const payloads = { _tag: "Pieces", pieces: runs.map(({ bytes }) => bytes) } as const
    this.#connection.submit([{ entry, payloads, isFollowed: false }], {
      submission: this.#submission,
      whenUnmet: options.whenUnmet ?? "fail",
      isOpen: true
    }, {
      names: [name],
      accepted: ({ first: [position = 0] }) => {
        for (const [index, run] of runs.entries()) {
          run.task = position + index
          if (run.isCancelled && !run.isEnded) this.#connection.cancel({ task: run.task }, byRunner)
        }
      },
      refused: (error) => this.#refused(runs, error),
      lost: (error) => this.#refused(runs.filter(({ isEnded }) => !isEnded), error),
      ended: (ending) => {
        for (let index = ending.index; index < ending.index + ending.count; index++) {
          const run = runs[index]
          if (run !== undefined) this.#ended(run, { ...ending, task: ending.task + index - ending.index }, index)
        }
      }
    })
  }

  #refused(runs: ReadonlyArray<Run>, error: SubmitError): void {
    for (const run of runs) this.#resume(run, Exit.fail(error))
  }

  #ended(run: Run, ending: Ending, index: number): void {
    const { idOf } = this.#connection.port
    if (ending.outcome._tag === "Succeeded") {
      const value = run.known.takeSuccess(ending.outcome.value.bytes)
      if (isValue(value)) return this.#resume(run, value)
    }
    const outcome = decodeOutcome(run.known, ending, index, run.payload, idOf, this.#connection.wallOffset)
    this.#resume(run, isValue(outcome) ? exitOf(outcome.value) : Effect.flatMap(outcome, exitOf))
  }

  #resume(run: Run, exit: Effect.Effect<unknown, unknown, unknown>): void {
    run.isEnded = true
    this.#connection.later(() => {
      run.onEnd?.()
      run.resume(exit)
    })
  }
}
