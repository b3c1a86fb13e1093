/**
 * How an executor is joined to a server in this process, and how it goes.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Exit, type Scope } from "effect"
import type { ExecutorPort } from "../../services/Server.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { ExecutorCommand, ExecutorMessage } from "../../src/protocol/ExecutorPort.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import type { ExecutorId } from "../../src/task/Attempt.ts"
import type { EventLoop } from "./EventLoop.ts"

/** What a server notes of an executor that is attached. */
export interface Joined {
  readonly commands: TurnQueue<ExecutorCommand>
  isLeaving: boolean
}

/** A message that the server's machine is told. */
interface FromExecutor {
  readonly _tag: "Executor"
  readonly from: ExecutorId
  readonly message: ExecutorMessage
}

/** Attaches executors; `note` makes what is noted of each. */
export const attaching = <J extends Joined>(
  { ask, later, offer }: Pick<EventLoop<FromExecutor>, "ask" | "later" | "offer">,
  executors: Map<ExecutorId, J>,
  idOf: (task: number) => string,
  note: (spec: ExecutorSpec, commands: TurnQueue<ExecutorCommand>) => J
) =>
  Effect.fnUntraced(function*(executor: ExecutorSpec): Effect.fn.Return<ExecutorPort, never, Scope.Scope> {
    const { executorId } = executor
    const commands = new TurnQueue<ExecutorCommand>(later)
    const joined = note(executor, commands)
    const join = Effect.suspend(() => {
      executors.set(executorId, joined)
      return ask({ _tag: "joined", executor })
    })
    const leave = Effect.fnUntraced(function*(exit: Exit.Exit<unknown, unknown>) {
      // Another of the same id that has come meanwhile stays.
      if (executors.get(executorId) === joined) {
        joined.isLeaving = true
        const isClean = Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)
        const reason = isClean ? "left" : messageOf(Cause.squash(exit.cause))
        yield* ask({ _tag: "left", executorId, reason, isClean })
        if (executors.get(executorId) === joined) executors.delete(executorId)
      }
      commands.read(undefined)
    })
    yield* Effect.acquireRelease(join, (_, exit) => leave(exit))
    return { commands, send: (message) => offer({ _tag: "Executor", from: executorId, message }), idOf }
  })

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)
