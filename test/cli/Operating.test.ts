import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type TaskView, Unavailable } from "../../src/operate/View.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import { command } from "./Commanding.ts"
import { make, now } from "./FakeOperator.ts"

const lines = (text: string): ReadonlyArray<string> => text.trimEnd().split("\n")

/** Lets time pass, a bit at a time, until it has ended. */
const whileItRuns = <A, E>(fiber: Fiber.Fiber<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function*() {
    while (fiber.pollUnsafe() === undefined) {
      yield* TestClock.adjust("500 millis")
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }
    return yield* Fiber.join(fiber)
  })

const ids = (out: string): ReadonlyArray<string> => lines(out).map((line) => line.split(" ")[0] ?? "")

describe("cadre task list", () => {
  it.effect("shows the newest first, its header apart from the data, and says when there are more", () =>
    Effect.gen(function*() {
      const { code, err, out } = yield* command("task list --limit 2")
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(lines(err), [
        "TASK     NAME    STATUS            ATTEMPT  SUBMITTED  TOOK    EXECUTOR  SUBMISSION",
        "The newest 2 tasks; --all shows all of them"
      ])
      assert.deepStrictEqual(lines(out), [
        "0.1.319  Factor  quarantined       1        12:00:00   350 ms  host-1    program/8",
        "0.1.318  Render  dependencyFailed  1        11:59:59   350 ms  host-1    program/8"
      ])
    }))

  it.effect("takes what was asked for: by status, name, submission, id or state", () =>
    Effect.gen(function*() {
      const some = yield* command(
        "task list --submission program/2 --status Failed,timed-out --status lost --name Render"
      )
      assert.deepStrictEqual(ids(some.out), ["0.1.60", "0.1.42"])
      assert.strictEqual(ids((yield* command("task list last")).out).length, 1)
      assert.deepStrictEqual(ids((yield* command("task list 0.1.3 0.1.5 0.1.3")).out), ["0.1.5", "0.1.3"])
      const newest = yield* command("task list --submission last --limit 1000")
      assert.strictEqual(ids(newest.out).length, 40)
      const none = yield* command("task list --name Nobody")
      assert.deepStrictEqual(none, { code: 0, out: "", err: "There are no such tasks\n" })
    }))

  it.effect("reads page after page with --all, each task once", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const { tasks } = make(told)
      const operator = make([], { tasks: (query) => tasks({ ...query, limit: Math.min(query.limit, 100) }) })
      const { out } = yield* command("task list --all --output ndjson", { operator })
      const found = lines(out).map((line) => (JSON.parse(line) as { readonly id: string }).id)
      assert.strictEqual(new Set(found).size, 320)
      assert.strictEqual(found.length, 320)
      assert.strictEqual(told.length, 4)
      const json = yield* command("task list --all --output json", { operator })
      assert.strictEqual((JSON.parse(json.out) as ReadonlyArray<unknown>).length, 320)
      assert.strictEqual((yield* command("task list --name Nobody --output json")).out, "[]\n")
      assert.deepStrictEqual(yield* command("task list --all --output quiet"), { code: 0, out: "", err: "" })
    }))

  it.effect("has times in ISO 8601 as data", () =>
    Effect.gen(function*() {
      const { out } = yield* command("task list last --output ndjson")
      assert.deepInclude(JSON.parse(out), { status: "quarantined", submittedAt: "2026-03-05T11:00:00.000Z" })
    }))
})

describe("cadre task", () => {
  it.effect("show tells all about a task, and data has one object for one task and a list for several", () =>
    Effect.gen(function*() {
      const { out } = yield* command("task show 0.1.22")
      assert.include(out, "Status      succeeded: [2,3]\n")
      assert.include(out, "11:55:03.350  +350 ms  Ended     attempt 1          succeeded\n")
      const crash = yield* command("task show 0.1.24")
      assert.include(crash.out, "Status      crashed: Error: on \\x1b[31mpurpose\n")
      assert.include(crash.out, "    at Factor (tasks.ts:3:4)\n")
      const one = JSON.parse((yield* command("task show 0.1.22 --output json")).out) as unknown
      assert.deepInclude(one, { id: "0.1.22", outcome: { outcome: "Succeeded", value: [2, 3] } })
      const two = JSON.parse((yield* command("task show 0.1.22 0.1.23 --output json")).out) as ReadonlyArray<unknown>
      assert.deepInclude(two[1], { id: "0.1.23", outcome: { outcome: "Failed", size: 12 } })
    }))

  it.effect("show --follow prints each step once, and ends with the task", () =>
    Effect.gen(function*() {
      const base = yield* make().task("0.1.0")
      const step = (kind: string, after: number) => ({ at: base.submittedAt + after, kind, epoch: 0 })
      const steps = [step("Accepted", 0), step("Started", 10), step("Ended", 20)]
      let asked = 0
      const task = (): Effect.Effect<TaskView> =>
        Effect.sync(() => ({ ...base, status: ++asked < 3 ? "running" : "succeeded", steps: steps.slice(0, asked) }))
      const fiber = yield* Effect.forkChild(
        command("task show 0.1.0 --follow --output ndjson", { operator: make([], { task }) })
      )
      const { code, out } = yield* whileItRuns(fiber)
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(
        lines(out).map((line) => (JSON.parse(line) as { readonly kind: string }).kind),
        ["Accepted", "Started", "Ended"]
      )
      const many = yield* command("task show all --follow")
      assert.deepStrictEqual(many, { code: 2, out: "", err: many.err })
      assert.include(many.err, "--follow is for one task")
    }))

  it.effect("logs lets no output drive the terminal, unless it may", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(lines((yield* command("task logs 0.1.3")).out), [
        "12:00:00.000  INFO    begun n=4",
        "12:00:00.005  stderr  red ␇",
        "12:00:01.234  attempt 2  ... 20 dropped here: too much was written ...",
        "12:00:01.234  attempt 2  WARN    again"
      ])
      assert.include((yield* command("task logs 0.1.3 --raw")).out, "\u001b[31mred \u0007\n")
      const json = yield* command("task logs 0.1.3 0.1.4 --output json")
      const all = JSON.parse(json.out) as ReadonlyArray<{ readonly taskId: string }>
      assert.deepStrictEqual(all.map(({ taskId }) => taskId), ["0.1.3", "0.1.3", "0.1.3", "0.1.4", "0.1.4", "0.1.4"])
    }))

  it.effect("explain says why, and what to do", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        (yield* command("task explain 0.1.0")).out,
        [
          "0.1.0 is queued",
          "  because no executor offers label tpu",
          "  -> cadre executor start --library tasks.ts --labels tpu",
          ""
        ].join("\n")
      )
      const failed = yield* command("task explain failed")
      assert.strictEqual(failed.out.match(/ is /g)?.length, 20)
      assert.include(failed.err, "The newest 20 of them")
    }))

  it.effect("cancel and retry tell what they reached", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      assert.deepStrictEqual(yield* command("task cancel all", { operator: make(told) }), {
        code: 0,
        out: "0.1.1\n0.1.2\n",
        err: "2 tasks cancelled\n"
      })
      yield* command("submission cancel last", { operator: make(told) })
      assert.deepStrictEqual(told, [
        "cancel {\"_tag\":\"All\"} somebody",
        "cancel {\"_tag\":\"Submission\",\"id\":\"program/8\"} somebody"
      ])
      const none = yield* command("task cancel failed")
      assert.deepStrictEqual(none, { code: 0, out: "", err: "Nothing was cancelled: all of it had ended\n" })
      assert.strictEqual(
        (yield* command("task retry failed --output json")).out,
        "{\n  \"tasks\": 1,\n  \"ids\": [\n    \"0.1.400\"\n  ]\n}\n"
      )
    }))
})

describe("cadre submission", () => {
  const ended = { queued: 0, running: 0, isEnded: true } as const

  it.effect("list and show tell how far each is, and how its tasks ended", () =>
    Effect.gen(function*() {
      const { err, out } = yield* command("submission list --limit 1")
      assert.include(err, "The newest 1 submission; --all shows all of them")
      assert.strictEqual(out, "program/8   Factor, Render  running  28 of 40  26      8        4       11:59:21\n")
      assert.strictEqual(lines((yield* command("submission list --all --output ndjson")).out).length, 8)
      assert.include((yield* command("submission show last")).out, "Submission  program/8\n")
      const results = yield* command("submission show program/2 --results")
      assert.include(results.out, "14     0.1.54  Render  Succeeded    [2,3]\n")
      assert.include(
        results.out,
        "17     0.1.57  Render  Interrupted  by ada@host, and killed as it did not end by itself\n"
      )
      const data = yield* command("submission show program/2 --results --output ndjson")
      assert.include(
        lines(data.out),
        "{\"index\":14,\"taskId\":\"0.1.54\",\"taskName\":\"Render\",\"outcome\":\"Succeeded\",\"value\":[2,3]}"
      )
    }))

  it.effect("wait says now and then how far it is, and ends as the submission does", () =>
    Effect.gen(function*() {
      const [asked, last] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const row = yield* make().submission("program/1")
      const progress = () =>
        Stream.concat(
          Stream.succeed({ ...row, succeeded: row.succeeded + 8, queued: 0 }),
          Stream.fromEffect(
            Effect.as(Effect.andThen(Deferred.succeed(asked, undefined), Deferred.await(last)), {
              ...row,
              ...ended,
              succeeded: 40,
              failed: 0,
              cancelled: 0
            })
          )
        )
      const notes: Array<string> = []
      const fiber = yield* Effect.forkChild(
        command("submission wait program/1", { operator: make([], { progress }), notes })
      )
      yield* Deferred.await(asked)
      yield* Effect.yieldNow
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(notes, ["30 of 40 done, 12 running, 19 failed, 1.6/s, 6.3 s left\n"])
      yield* Deferred.succeed(last, undefined)
      const { code, out } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([code, out], [0, ""])
      assert.strictEqual(notes.at(-1), "40 tasks after 5 s (3.6/s): 40 succeeded\n")
    }))

  it.effect("wait ends with 1 when a task failed or was cancelled, with 4 when it takes too long", () =>
    Effect.gen(function*() {
      const row = yield* make().submission("program/1")
      for (const bad of [{ failed: 1, cancelled: 0 }, { failed: 0, cancelled: 1 }]) {
        const submission = () => Effect.succeed({ ...row, ...ended, succeeded: 39, ...bad })
        const { code, out } = yield* command("submission wait last --output ndjson", {
          operator: make([], { submission })
        })
        assert.strictEqual(code, 1)
        assert.deepInclude(JSON.parse(out), { id: "program/1", ...bad })
      }
      const operator = make([], { progress: () => Stream.never })
      const fiber = yield* Effect.forkChild(
        command("submission wait program/1 --timeout 3s --no-progress", { operator })
      )
      const { code, err } = yield* whileItRuns(fiber)
      assert.strictEqual(code, 4)
      assert.include(err, "Submission program/1 had not ended after 3 s (--timeout)")
    }))
})

describe("cadre executor and cadre schedule", () => {
  it.effect("take executors by their ids, by the beginning of one, or all", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      yield* command("executor drain oth host-1", { operator: make(told) })
      const { err } = yield* command("executor stop all", { operator: make(told) })
      assert.deepStrictEqual(told, ["drain other-1", "drain host-1", "stop host-1", "stop host-2", "stop other-1"])
      assert.include(err, "What they run goes on, then they end; nothing new is given to them\n")
      const both = yield* command("executor stop host", { operator: make(told) })
      assert.deepStrictEqual(both, { code: 2, out: "", err: "\"host\" may be host-1 or host-2: write more of it\n" })
      assert.strictEqual(told.length, 5)
    }))

  it.effect("show and change what there is", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        lines((yield* command("executor list")).out)[0],
        "host-1    host   100  idle      0 of 4  0        11:59:00  maths 1.0.0  gpu, eu"
      )
      const told: Array<string> = []
      assert.match(
        (yield* command("schedule list")).out,
        /^nightly .* 2026-03-06 04:00:00 +04:00:00 +0\.1\.7 +one +skip\n$/
      )
      assert.match((yield* command("schedule pause nightly", { operator: make(told) })).out, / paused /)
      yield* command("schedule resume nightly", { operator: make(told) })
      yield* command("schedule remove nightly", { operator: make(told) })
      assert.deepStrictEqual(told, ["pause nightly", "resume nightly", "remove nightly"])
    }))
})

describe("cadre status", () => {
  it.effect("is one screen", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(lines((yield* command("status")).out), [
        "Server     0.1.0, PID 99, up 2 h 5 min, start 3, 55 MiB",
        "Address    unix:/run/cadre/server.sock",
        "Store      /data/tasks.sqlite",
        "Tasks      1,234 queued, 3 running, 5,000 ended (7 of them badly)",
        "Clients    2 submitters",
        "Executors  3 executors, 3 of 12 slots busy",
        "",
        "EXECUTOR  NODE   PID  STATUS    RUNS    WAITING  SINCE     LIBRARIES    LABELS",
        "host-1    host   100  idle      0 of 4  0        11:59:00  maths 1.0.0  gpu, eu",
        "host-2    host   101  busy      1 of 4  1        11:59:00  maths 1.0.0  -",
        "other-1   other  -    draining  2 of 4  2        11:59:00  maths 1.0.0  -",
        "",
        "! No executor offers label tpu: 12 tasks wait"
      ])
      const data = JSON.parse((yield* command("status --output json")).out) as unknown
      assert.deepInclude(data, { pid: 99, startedAt: new Date(now - 7_500_000).toISOString() })
    }))
})

describe("what cannot be had", () => {
  it.effect("is named, with what may have been meant", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [string, RegExp]> = [
        ["task show 0.1.9999", /no task 0\.1\.9999 here: .* Did you mean 0\.1\.199/],
        ["task show 7.7.123456789", /no task 7\.7\.123456789 here: .* cadre task list shows what there is/],
        ["submission wait porgram/1", /no submission porgram\/1 here: .* Did you mean program\/1/],
        ["executor drain ohter-1", /no executor ohter-1 here: .* Did you mean other-1\?/],
        ["schedule remove nighly", /no schedule nighly here: .* Did you mean nightly\?/],
        ["task list --status faild", /There is no status "faild"\. Did you mean failed\?/],
        ["task cancel", /Say which tasks: an id, several ids, last, all, failed, or --submission/],
        ["task cancel al", /"al" is no task's id\. Did you mean all\?/],
        ["task list running", /"running" is a status: cadre task list --status running/],
        ["task cancel maths", /"maths" is no task's id\. Ids are as 0\.1\.42/],
        ["task cancel all 0.1.3", /"all" stands alone: leave out 0\.1\.3/],
        ["task cancel last --submission program/1", /--submission and last exclude each other/],
        ["task list --limit 0", /whole number of at least 1, got 0/],
        ["task lst", /"lst".* Did you mean list\?/],
        ["submission wait last --timeout 5", /Expected a duration such as 500ms/],
        ["executor drain", /executors/]
      ]
      for (const [line, expected] of wrong) {
        const { code, err, out } = yield* command(line)
        assert.strictEqual(code, 2, `${line}\n${err}`)
        assert.match(err, expected, line)
        assert.strictEqual(out, "", line)
      }
    }))

  it.effect("is the server's answer, when it is gone or cannot answer", () =>
    Effect.gen(function*() {
      const gone = Effect.fail(new ConnectionLost({ reason: "it ended" }))
      const busy = Effect.fail(new Unavailable({ reason: "its store failed" }))
      assert.deepStrictEqual(yield* command("status", { operator: make([], { status: gone }) }), {
        code: 3,
        out: "",
        err: "The connection to the server is lost: it ended\n"
      })
      const { code, err } = yield* command("executor list", { operator: make([], { executors: busy }) })
      assert.deepStrictEqual([code, err], [3, "The server cannot answer: its store failed\n"])
      const middle = make([], { progress: () => Stream.fromEffect(gone) })
      assert.strictEqual((yield* command("submission wait last", { operator: middle })).code, 3)
    }))
})
