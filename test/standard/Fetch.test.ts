import { assert, describe, it } from "@effect/vitest"
import { Fetch, StandardLive } from "cadre/standard"
import { TestInProcess } from "cadre/testing"
import { Effect, Fiber, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { fetch as handler } from "../../layers/standard/FetchHttp.ts"

type Answer = () => Response | Promise<Response>

/** An error as `fetch` throws it. */
const broken = (code: string): Answer => () =>
  Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(`connect ${code}`), { code }) }))

/** Answers in turn, the last one for ever; counts the requests. */
const server = (...answers: ReadonlyArray<Answer>) => {
  const seen = { requests: 0, aborted: 0 }
  const fetch: typeof globalThis.fetch = (_, init) => {
    init?.signal?.addEventListener("abort", () => seen.aborted++)
    const answer = answers[Math.min(seen.requests++, answers.length - 1)]
    return Promise.resolve(answer?.() ?? Response.error())
  }
  const layer = TestInProcess.layer(StandardLive.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch))))
  return { seen, layer }
}

const url = "https://example.test/"
const ok: Answer = () => new Response("fine")
const never: Answer = () => new Promise<Response>(() => undefined)

/** A request that is given all the time in the world. */
const ending = Effect.fnUntraced(function*(payload: Parameters<typeof Fetch.run>[0]) {
  const fiber = yield* Effect.forkChild(Fetch.run(payload))
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.join(fiber)
})
const failing = (payload: Parameters<typeof Fetch.run>[0]) => Effect.flip(ending(payload))

describe("Fetch", () => {
  it("is loaded: virtual time would not wait for that", () => assert.isFunction(handler))

  it.effect.each(["ECONNREFUSED", "EAI_AGAIN", "ECONNRESET"])("tries again after %s", (code) => {
    const { layer, seen } = server(broken(code), broken(code), ok)
    return Effect.gen(function*() {
      assert.include(yield* ending({ url }), { status: 200, text: "fine" })
      assert.strictEqual(seen.requests, 3)
    }).pipe(Effect.provide(layer))
  })

  it.effect.each<readonly [code: string, tag: string, attempts: number]>([
    ["ECONNREFUSED", "FetchRefused", 4],
    ["ENOTFOUND", "HostUnknown", 1],
    ["EAI_AGAIN", "HostUnknown", 4],
    ["ECONNRESET", "FetchBroken", 4],
    ["CERT_HAS_EXPIRED", "FetchBroken", 1]
  ])("%s is %s, after %i attempts", ([code, tag, attempts]) => {
    const { layer, seen } = server(broken(code))
    return Effect.gen(function*() {
      assert.strictEqual((yield* failing({ url }))._tag, tag)
      assert.strictEqual(seen.requests, attempts)
    }).pipe(Effect.provide(layer))
  })

  it.effect("does not send twice what may have been done", () => {
    const { layer, seen } = server(broken("ECONNRESET"))
    return Effect.gen(function*() {
      assert.include(yield* failing({ url, method: "POST", body: "pay" }), { _tag: "FetchBroken", isRepeatable: false })
      assert.strictEqual(seen.requests, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("gives up in time, and aborts the request", () => {
    const { layer, seen } = server(never)
    return Effect.gen(function*() {
      assert.include(yield* failing({ url, timeout: "2 seconds" }), { _tag: "FetchTimedOut", after: 2_000 })
      assert.deepStrictEqual(seen, { requests: 1, aborted: 1 })
      const fiber = yield* Effect.forkChild(Fetch.run({ url }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(seen, { requests: 2, aborted: 2 })
    }).pipe(Effect.provide(layer))
  })

  it.effect.each<readonly [payload: Parameters<typeof Fetch.run>[0], reason: string]>([
    [{ url: "example.test" }, "it is no URL: write it whole"],
    [{ url: "ftp://example.test" }, "its scheme is ftp: and not http(s)"],
    [{ url: "https://me:secret@example.test" }, "send them in the header authorization"],
    [{ url, body: "text" }, "GET has no body"],
    [{ url, headers: { "a b": "c" } }, "\"a b\" is an invalid header name"],
    [{ url, headers: { a: "b\nc" } }, "is an invalid header value"]
  ])("refuses %j", ([payload, reason]) => {
    const { layer, seen } = server(ok)
    return Effect.gen(function*() {
      const error = yield* Effect.flip(Fetch.run(payload))
      assert.strictEqual(error._tag, "FetchInvalid")
      assert.include(error.message, reason)
      assert.strictEqual(seen.requests, 0)
    }).pipe(Effect.provide(layer))
  })

  it.effect("reads text in the charset of the response, and bytes as they are", () => {
    const latin1: Answer = () =>
      new Response(new Uint8Array([0xe9]), { headers: { "content-type": "text/plain; charset=iso-8859-1" } })
    const { layer } = server(latin1, latin1, () => new Response("é", { headers: { "content-type": "x; charset=no" } }))
    return Effect.gen(function*() {
      assert.include(yield* Fetch.run({ url }), { text: "é" })
      assert.deepInclude(yield* Fetch.run({ url, as: "bytes" }), { bytes: new Uint8Array([0xe9]) })
      assert.include(yield* Fetch.run({ url }), { text: "é" })
    }).pipe(Effect.provide(layer))
  })
})
