/**
 * What a server submits by itself: tasks that are tried again, tasks of
 * schedules. They are nobody's to cancel but by name.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Exit, type Scope } from "effect"
import type { Server } from "../../services/Server.ts"
import type { Refusal } from "../../src/dispatch/Command.ts"
import type { Submitted } from "../../src/protocol/SubmitterPort.ts"

/** What became of a request: the positions of the first tasks of its entries, or why it was refused. */
export type Answer = { readonly first: ReadonlyArray<number> } | { readonly refused: Refusal }

/** A submitter of the server's own. */
export interface OwnSubmitter {
  readonly submit: (submission: string, entries: ReadonlyArray<Submitted>) => Effect.Effect<Answer>
  readonly cancel: (task: number, by: string) => Effect.Effect<void>
}

/** Connects it; `name` must be of this run of the server alone. */
export const make = Effect.fnUntraced(function*(
  server: Server["Service"],
  name: string
): Effect.fn.Return<OwnSubmitter, never, Scope.Scope> {
  const port = yield* server.connect(name)
  const waiting = new Map<number, Deferred.Deferred<Answer>>()
  let next = 0
  const answer = (request: number, answer: Answer): void => {
    const deferred = waiting.get(request)
    waiting.delete(request)
    if (deferred !== undefined) Deferred.doneUnsafe(deferred, Exit.succeed(answer))
  }
  port.notices.read({
    take: (notices) => {
      for (const notice of notices) {
        if (notice._tag === "Accepted") answer(notice.request, { first: notice.first })
        else if (notice._tag === "Refused") answer(notice.request, { refused: notice.reason })
        else if (notice._tag === "Ended" && notice.sequence !== undefined) {
          port.send({ _tag: "acknowledged", through: notice.sequence })
        }
      }
    },
    closed: () => {
      for (const request of waiting.keys()) answer(request, { refused: { _tag: "Draining" } })
    }
  })
  return {
    submit: (submission, entries) =>
      Effect.suspend(() => {
        const request = next++
        const deferred = Deferred.makeUnsafe<Answer>()
        waiting.set(request, deferred)
        port.send({
          _tag: "submit",
          request,
          submission,
          entries: entries.map((submitted) => ({ ...submitted, isDetached: true })),
          whenUnmet: "wait",
          isOpen: false,
          isWatched: false
        })
        port.flush()
        return Deferred.await(deferred)
      }),
    cancel: (task, by) => Effect.sync(() => port.send({ _tag: "cancel", target: { task }, by }))
  }
})
