/**
 * Executors of the server before that cannot come back: it was killed, and its
 * processes with it. What they had is not to wait until they would be missed.
 *
 * @since 0.1.0
 */
import { Clock, Effect } from "effect"
import type { Server } from "../../services/Server.ts"
import { ExecutorId, NodeId } from "../../src/task/Attempt.ts"
import { isDead } from "./Attendance.ts"
import type { Kept } from "./ExecutorPoolSupervised.ts"

/** Milliseconds that a process may take to notice that its server is gone. */
const patience = 10_000

/** An executor that comes back for a moment, and has nothing. */
const comeAndGo = (server: Server["Service"], executorId: string): Effect.Effect<void> =>
  Effect.scoped(Effect.map(
    server.attach({
      executorId: ExecutorId.make(executorId),
      node: { nodeId: NodeId.make("departed") },
      slots: 0,
      prefetch: 0,
      libraries: [],
      services: [],
      labels: [],
      heartbeat: false
    }),
    (port) => port.send({ _tag: "adopted", leases: [] })
  ))

/** Gives up what they had as soon as their processes are dead. */
export const giveUp = (server: Server["Service"], processes: Kept["processes"]): Effect.Effect<void> =>
  Effect.forEach(processes, ({ executors, pid }) =>
    Effect.gen(function*() {
      const until = (yield* Clock.currentTimeMillis) + patience
      while (!isDead(pid)) {
        if ((yield* Clock.currentTimeMillis) > until) return
        yield* Effect.sleep(50)
      }
      for (const executorId of executors) yield* comeAndGo(server, executorId)
    }), { concurrency: "unbounded", discard: true })
