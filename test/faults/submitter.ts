/** Hands over tasks as it is told, and writes down what it is told in turn: `submitter.ts <Errand as JSON>`. */
import { Clock, Effect, Schedule, Stream } from "effect"
import process from "node:process"
import * as SubmitterServer from "../../layers/submitter/SubmitterServer.ts"
import { connect } from "../../layers/wire/ServerRemote.ts"
import { Server, type SubmitterPort } from "../../services/Server.ts"
import { handOver } from "../../src/main/commands/Handover.ts"
import type { SubmitterMessage, SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { type Word, write } from "./Ledger.ts"
import { Ledgered, Note, Once } from "./tasks.ts"

/** What it is to do. */
export interface Errand {
  readonly address: string
  readonly name: string
  /** Where it writes. */
  readonly book: string
  /** Where its tasks write. */
  readonly ledger: string
  readonly task: "Note" | "Once"
  /** The number of the first of its tasks. */
  readonly from: number
  readonly count: number
  readonly batch: number
  /** How many batches are under way at a time. */
  readonly concurrency: number
  readonly millis: number
  /** They go on by themselves; it leaves once they are accepted. */
  readonly isDetached?: boolean
}

// Whoever starts it has written it.
const errand = JSON.parse(process.argv[2] ?? "") as Errand
const { address, batch, book, concurrency, count, from, isDetached, ledger, millis, name } = errand
const task = errand.task === "Once" ? Once : Note
const say = (word: Word): void => write(book, word)

/** Writes down what goes through it. */
const listening = (port: SubmitterPort): SubmitterPort => ({
  ...port,
  send: (message: SubmitterMessage) => {
    if (message._tag === "submit") {
      const { entries, request, submission } = message
      say({ _tag: "Said", request, submission, counts: entries.map(({ entry }) => entry.count) })
    }
    port.send(message)
  },
  notices: {
    read: (reader) =>
      port.notices.read(
        reader && {
          ...reader,
          take: (notices: ReadonlyArray<SubmitterNotice>) => {
            for (const notice of notices) {
              if (notice._tag === "Accepted" || notice._tag === "Ended" || notice._tag === "Refused") {
                say({ _tag: "Heard", notice })
              }
            }
            reader.take(notices)
          }
        }
      )
  }
})

const batches = Array.from({ length: Math.ceil(count / batch) }, (_, index) => {
  const first = from + index * batch
  return Array.from({ length: Math.min(batch, from + count - first) }, (_, n) => ({ ledger, millis, n: first + n }))
})
const accepted = (payloads: ReadonlyArray<{ readonly n: number }>) =>
  Effect.map(Clock.currentTimeMillis, (at) => {
    const [{ n } = { n: from }] = payloads
    say({ _tag: "Accepted", from: n, to: n + payloads.length, at })
  })

const program = Effect.gen(function*() {
  // Nobody may be there yet, or not any more.
  const { operator, server } = yield* Effect.retry(
    connect({ address, roles: ["submitter", "operator"], name }),
    { while: ({ _tag }) => _tag === "Unreachable", schedule: Schedule.spaced("50 millis") }
  )
  const watched: Server["Service"] = {
    ...server,
    connect: (name) => Effect.map(server.connect(name), listening)
  }
  if (isDetached) {
    const handing = { server: watched, operator, sealer: undefined, startsExecutors: false, ready: Effect.void }
    return yield* Effect.forEach(batches, (payloads, index) =>
      Effect.andThen(
        handOver({
          handing,
          libraries: [Ledgered],
          options: { whenUnmet: "wait" },
          payloads: Stream.fromIterable(payloads),
          submission: `${name}-${index}`,
          task
        }),
        accepted(payloads)
      ).pipe(Effect.scoped), { concurrency, discard: true })
  }
  const submitter = yield* Effect.provideService(
    SubmitterServer.connect({ name, libraries: [Ledgered] }),
    Server,
    watched
  )
  yield* Effect.forEach(batches, (payloads) =>
    Effect.gen(function*() {
      const { outcomes } = yield* submitter.submitAll(task, payloads, { whenUnmet: "wait" })
      yield* accepted(payloads)
      yield* Stream.runForEach(outcomes, ({ _tag: outcome, payload: { n }, taskId }) =>
        Effect.map(Clock.currentTimeMillis, (at) =>
          say({ _tag: "Outcome", n, outcome, taskId, at })))
    }).pipe(Effect.scoped), { concurrency, discard: true })
}).pipe(Effect.scoped)

const exit = await Effect.runPromiseExit(program)
say(exit._tag === "Success" ? { _tag: "Done" } : { _tag: "Failed", error: String(exit.cause) })
process.exit(exit._tag === "Success" ? 0 : 1)
