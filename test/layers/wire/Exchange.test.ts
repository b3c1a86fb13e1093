import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, type Scope } from "effect"
import { connect as connectNet } from "node:net"
import * as ServerMemory from "../../../layers/ServerMemory.ts"
import { Server } from "../../../services/Server.ts"
import { pause, reach } from "./Stages.ts"

const memory = Effect.map(Layer.build(Layer.fresh(ServerMemory.layer())), (context) => Context.get(context, Server))

/** What a program in any language could do: lines of JSON, each call with its answer. */
const peer = (address: string, roles: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.callback<
      { readonly call: (tag: string, payload: object) => Effect.Effect<Answer>; readonly end: () => void }
    >(
      (resume) => {
        const socket = connectNet(address.slice("unix:".length))
        const waiting = new Map<string, (answer: Answer) => void>()
        let ids = 0
        let text = ""
        socket.write(`${JSON.stringify({ cadre: 1, encoding: "ndjson", roles })}\n`)
        socket.on("data", (chunk) => {
          text += chunk.toString("utf8")
          const lines = text.split("\n")
          text = lines.pop() ?? ""
          for (const line of lines) {
            const message = JSON.parse(line)
            if (message._tag !== "Exit") continue
            waiting.get(message.requestId)?.(message.exit)
          }
        })
        socket.on("error", () => undefined)
        resume(Effect.succeed({
          call: (tag, payload) =>
            Effect.callback<Answer>((resume) => {
              const id = `${++ids}`
              waiting.set(id, (answer) => resume(Effect.succeed(answer)))
              socket.write(`${JSON.stringify({ _tag: "Request", id, tag, payload, headers: [] })}\n`)
            }),
          end: () => socket.destroy()
        }))
      }
    ),
    ({ end }) => Effect.sync(end)
  )

interface Answer {
  readonly _tag: "Success" | "Failure"
  // As any client finds it: JSON.
  readonly value: {
    readonly ids: ReadonlyArray<string>
    readonly attempts: ReadonlyArray<{ readonly task: number; readonly epoch: number; readonly payload: string }>
    readonly revoked: ReadonlyArray<object>
    readonly results: ReadonlyArray<
      {
        readonly sequence: number
        readonly index: number
        readonly outcome: { readonly value: { readonly bytes: string } }
      }
    >
  }
  readonly cause: ReadonlyArray<{ readonly error: { readonly _tag: string; readonly reason: string } }>
}

const [worker, client] = ["a".repeat(32), "b".repeat(32)]
const executor = {
  executorId: "python-1",
  node: { nodeId: "n" },
  slots: 2,
  prefetch: 0,
  libraries: [{ name: "raw", version: "1", tasks: { Shout: "" } }],
  services: [],
  labels: [],
  heartbeat: true
}
const exchange = (number: number, more: object = {}) => ({
  session: worker,
  number,
  executor,
  started: [],
  ended: [],
  credits: 2,
  wait: 0,
  ...more
})
const submit = (number: number, payloads: ReadonlyArray<string>) => ({
  session: client,
  number,
  name: "python",
  taskName: "Shout",
  library: "raw",
  version: "1",
  fingerprint: "",
  encoding: "raw",
  payloads: payloads.map((text) => Buffer.from(text).toString("base64")),
  isPatient: true
})
const text = (base64: string) => Buffer.from(base64, "base64").toString("utf8")
const shouted = ({ epoch, payload, task }: Answer["value"]["attempts"][number]) => ({
  task,
  epoch,
  outcome: {
    _tag: "Succeeded",
    value: { encoding: "raw", bytes: Buffer.from(text(payload).toUpperCase()).toString("base64") }
  }
})

const served = <A, E>(use: (address: string) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.scoped(Effect.flatMap(
    Effect.flatMap(
      memory,
      (server) => reach(server, { listen: { limits: { sessionTime: "100 millis" } }, connect: {} })
    ),
    ({ address }) => use(address)
  ))

describe("simple peers", () => {
  it.live("submit, run and fetch with calls alone", () =>
    served((address) =>
      Effect.gen(function*() {
        const python = yield* peer(address, ["executor"])
        const other = yield* peer(address, ["submitter"])
        assert.deepStrictEqual((yield* python.call("executor.exchange", exchange(1))).value.attempts, [])
        const accepted = yield* other.call("submitter.submit", submit(1, ["a", "b", "c"]))
        assert.lengthOf(accepted.value.ids, 3)
        // An answer that was lost is given again, and nothing is done twice.
        assert.deepStrictEqual(yield* other.call("submitter.submit", submit(1, ["a", "b", "c"])), accepted)
        const first = yield* python.call("executor.exchange", exchange(2, { wait: 5_000 }))
        assert.deepStrictEqual(first.value.attempts.map(({ payload }) => text(payload)), ["a", "b"])
        assert.deepStrictEqual(yield* python.call("executor.exchange", exchange(2)), first)
        // Results in, work out.
        const ended = first.value.attempts.map(shouted)
        const second = yield* python.call("executor.exchange", exchange(3, { ended, wait: 5_000 }))
        assert.deepStrictEqual(second.value.attempts.map(({ payload }) => text(payload)), ["c"])
        const fetch = { session: client, after: 0, limit: 10, wait: 5_000 }
        const two = yield* other.call("submitter.fetch", fetch)
        assert.deepStrictEqual(two.value.results.map(({ outcome }) => text(outcome.value.bytes)), ["A", "B"])
        assert.deepStrictEqual(yield* other.call("submitter.fetch", fetch), two)
        const fetching = other.call("submitter.fetch", { ...fetch, after: 2 })
        const [three] = yield* Effect.all([
          fetching,
          python.call("executor.exchange", exchange(4, { ended: second.value.attempts.map(shouted) }))
        ], { concurrency: "unbounded" })
        assert.deepStrictEqual(three.value.results.map(({ index, outcome }) => [index, text(outcome.value.bytes)]), [[
          2,
          "C"
        ]])
        assert.strictEqual((yield* python.call("executor.leave", { session: worker }))._tag, "Success")
        assert.strictEqual((yield* other.call("submitter.leave", { session: client }))._tag, "Success")
        const gone = yield* other.call("submitter.fetch", fetch)
        assert.strictEqual(gone.cause[0]?.error._tag, "SessionLost")
      })
    ))

  it.live("lose their session after a while, and what they held goes to others", () =>
    served((address) =>
      Effect.gen(function*() {
        const python = yield* peer(address, ["executor", "submitter"])
        yield* python.call("executor.exchange", exchange(1))
        yield* python.call("submitter.submit", submit(1, ["a"]))
        const held = yield* python.call("executor.exchange", exchange(2, { wait: 5_000 }))
        assert.lengthOf(held.value.attempts, 1)
        const keep = Effect.forever(Effect.andThen(
          python.call("submitter.fetch", { session: client, after: 0, limit: 1, wait: 0 }),
          pause(20)
        ))
        const next = yield* Effect.raceFirst(
          keep,
          Effect.gen(function*() {
            yield* pause(150)
            const again = { executor: { ...executor, executorId: "python-2" }, session: "c".repeat(32) }
            return yield* python.call("executor.exchange", exchange(1, { ...again, wait: 5_000 }))
          })
        )
        assert.deepStrictEqual(next.value.attempts.map(({ epoch, task }) => ({ epoch, task })), [
          { task: held.value.attempts[0]!.task, epoch: 2 }
        ])
        const late = yield* python.call("executor.exchange", exchange(3, { executor: undefined }))
        assert.strictEqual(late.cause[0]?.error._tag, "SessionLost")
      })
    ))

  it.live("may call what they were let in for", () =>
    served((address) =>
      Effect.gen(function*() {
        const python = yield* peer(address, ["submitter"])
        const refused = yield* python.call("executor.exchange", exchange(1))
        assert.strictEqual(refused.cause[0]?.error._tag, "NotPermitted")
        const impatient = yield* python.call("submitter.submit", { ...submit(1, ["a"]), isPatient: false })
        assert.strictEqual(impatient.cause[0]?.error._tag, "TasksRefused")
        assert.include(impatient.cause[0]?.error.reason, "there is no executor")
      })
    ))
})
