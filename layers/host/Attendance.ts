/**
 * Which executors are there, and which of them cannot be any more: one whose
 * process is known to be dead leaves at once, however long its connection might
 * still be waited for.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import { readFileSync } from "node:fs"
import process from "node:process"
import type { Server } from "../../services/Server.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"

/** Milliseconds after a connection was lost at which its process is looked for: one that dies may take a moment. */
const looks = [0, 50, 200, 1_000]

/** Whether a process of this machine has ended; one that nobody has asked how it ended is still listed. */
export const isDead = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH"
  }
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return false
  }
}

/** An executor while it is attached. */
interface Attendant {
  readonly spec: ExecutorSpec
  readonly scope: Scope.Closeable
}

/** Stands between executors and their server. */
export interface Attendance {
  readonly server: Server["Service"]
  /** An executor is dead, for that reason. */
  readonly gone: (executorId: string, reason: string) => Effect.Effect<void>
  /** Some connection was lost: executors of this machine whose processes have ended are dead. */
  readonly review: Effect.Effect<void>
}

/** `node` is what this machine is called. */
export const attendance = (server: Server["Service"], node: string): Attendance => {
  const attendants = new Map<string, Attendant>()

  const attach: Server["Service"]["attach"] = (spec) =>
    Effect.gen(function*() {
      const { executorId } = spec
      const scope = yield* Scope.make()
      const attendant = { spec, scope }
      attendants.set(executorId, attendant)
      yield* Effect.addFinalizer((exit) =>
        Effect.suspend(() => {
          if (attendants.get(executorId) === attendant) attendants.delete(executorId)
          return Scope.close(scope, exit)
        })
      )
      return yield* Scope.provide(server.attach(spec), scope)
    })

  const gone = (executorId: string, reason: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const attendant = attendants.get(executorId)
      if (attendant === undefined) return Effect.void
      attendants.delete(executorId)
      return Scope.close(attendant.scope, Exit.fail(new ConnectionLost({ reason })))
    })

  const dead = (): ReadonlyArray<string> =>
    [...attendants.values()].flatMap(({ spec }) =>
      spec.node.nodeId === node && spec.pid !== undefined && spec.pid !== process.pid && isDead(spec.pid)
        ? [spec.executorId]
        : []
    )

  const review = Effect.gen(function*() {
    let passed = 0
    for (const look of looks) {
      if (attendants.size === 0) return
      yield* Effect.sleep(look - passed)
      passed = look
      for (const executorId of dead()) yield* gone(executorId, "its process has ended")
    }
  })

  return { server: { ...server, attach }, gone, review }
}
