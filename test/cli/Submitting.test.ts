import { assert, layer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import * as InProcess from "../../layers/InProcess.ts"
import { Server } from "../../services/Server.ts"
import type { Submitter } from "../../services/Submitter.ts"
import { CommandFailed } from "../../src/cli/ExitCode.ts"
import type { Handing, Wanted } from "../../src/main/commands/Connecting.ts"
import type { ScheduleSpec } from "../../src/operate/Schedule.ts"
import type { Implements, TaskDefinition } from "../../src/task/TaskDefinition.ts"
import tasks from "../integration/cli/tasks.ts"
import { command, type Surroundings } from "./Commanding.ts"
import { make } from "./FakeOperator.ts"

const module = "test/integration/cli/tasks.ts"
const lines = "{\"n\":12}\n\n{\"n\":-1}\n{\"n\":15}\n"

// Its tasks' types are of no use here.
const implementation = tasks.implementation as unknown as Layer.Layer<
  Implements<TaskDefinition.Any>,
  unknown,
  Submitter
>

/** A server with fibers that run the tasks, and what it was asked for. */
const surroundings = Effect.gen(function*() {
  const server = yield* Server
  const wanted: Array<Wanted | undefined> = []
  const scheduled: Array<ScheduleSpec> = []
  const operator = make([], {
    schedule: (spec) =>
      Effect.sync(() => {
        scheduled.push(spec)
        const { library, taskName } = spec.spec.requirement
        return { ...spec, id: spec.id ?? "made", taskName, library, isPaused: false }
      })
  })
  const found = (input = "", parts: Partial<Handing> = {}): Surroundings => ({
    input,
    server: (_address, module) =>
      Effect.sync(() => {
        wanted.push(module)
        return { server, operator, sealer: undefined, startsExecutors: true, ready: Effect.void, ...parts }
      })
  })
  return { found, wanted, scheduled }
})

const submit = (words: ReadonlyArray<string>, around: Surroundings) => command(["submit", module, ...words], around)
const one = ["Factor", "--payload", "{\"n\": 84}"]

layer(InProcess.layer(implementation))("cadre submit, to a server", (it) => {
  it.effect("prints the result of one task, and beside it what it logs", () =>
    Effect.gen(function*() {
      const { found } = yield* surroundings
      const around = found()
      const plain = yield* submit([...one, "--priority", "3", "--deadline", "1h"], around)
      assert.deepStrictEqual(plain, { code: 0, out: "[2,2,3,7]\n", err: "" })
      const logged = yield* submit(["Log"], around)
      assert.strictEqual(logged.out, "\"returned\"\n")
      assert.match(logged.err, /^\d\d:\d\d:\d\d\.\d{3} {2}INFO {4}said by the task\n$/)
      assert.strictEqual((yield* submit(["Log", "--no-follow"], around)).err, "")
      const failed = yield* submit(["Factor", "--payload", "{\"n\": -4}"], around)
      assert.deepStrictEqual(failed, { code: 1, out: "", err: "Failed: NotPositive: -4 is not positive\n" })
    }))

  it.effect("asks for executors of the module, and says why there are none", () =>
    Effect.gen(function*() {
      const { found, wanted } = yield* surroundings
      yield* submit([...one, "--threads", "2", "--memory", "256MiB", "--label", "gpu", "--label", "eu"], found())
      assert.deepInclude(wanted[0], { specifier: module, threads: 2, memory: 268_435_456, labels: ["gpu", "eu"] })
      const ready = Effect.fail(new CommandFailed({ code: 2, problem: "No executor can run it: it is broken" }))
      const broken = yield* submit(one, found("", { ready }))
      assert.deepStrictEqual(broken, { code: 2, out: "", err: "No executor can run it: it is broken\n" })
      const unmet = yield* submit([...one, "--label", "tpu"], found())
      assert.strictEqual(unmet.code, 2)
      assert.match(unmet.err, /No executor can run task Factor: .*tpu.*--when-unmet wait waits for it/)
      // What talks to the terminal runs where that is.
      yield* submit(["Ask"], found("Ada\n"))
      assert.strictEqual(wanted.length, 3)
    }))

  it.effect("runs a task for each line, and tells which line logs what", () =>
    Effect.gen(function*() {
      const { found } = yield* surroundings
      const { code, err, out } = yield* submit(["Factor", "--from", "-", "--results", "--no-progress"], found(lines))
      assert.strictEqual(code, 1)
      assert.deepStrictEqual(out.trimEnd().split("\n").toSorted(), [
        "     1  Succeeded    [2,2,3]",
        "     3  Failed       NotPositive: -1 is not positive",
        "     4  Succeeded    [3,5]"
      ])
      assert.match(err, /^3 tasks in .*: 2 succeeded, 1 failed\n$/)
      const logged = yield* submit(["Log", "--from", "-", "--follow", "--no-progress"], found("null\n\nnull\n"))
      assert.match(logged.err, /^line 1 {2}[\d:.]+ {2}INFO {4}said by the task\nline 3 .*\n2 tasks in /)
    }))

  it.effect("leaves with --detach once the server has the tasks, and prints the submission", () =>
    Effect.gen(function*() {
      const { found } = yield* surroundings
      const { code, err, out } = yield* submit(["Factor", "--from", "-", "--detach", "--name", "nightly"], found(lines))
      assert.strictEqual(code, 0)
      assert.match(out, /^nightly-[0-9a-f]{8}\n$/)
      assert.match(err, /^3 tasks handed over, from 0\.1\.\d+ on: cadre submission wait nightly-[0-9a-f]{8} waits\n$/)
      const data = yield* submit([...one, "-d", "--output", "ndjson"], found())
      assert.match(data.out, /^\{"submission":"Factor-[0-9a-f]{8}","tasks":1,"first":"0\.1\.\d+"\}\n$/)
      const none = yield* submit(["Factor", "--from", "-", "--detach"], found("\n"))
      assert.deepStrictEqual(none, { code: 2, out: "", err: "There are no payloads: nothing was handed over\n" })
      const many = Array.from({ length: 2_500 }, (_, n) => `{"n":${n + 1}}`).join("\n")
      const all = yield* submit(["Factor", "--from", "-", "--detach"], found(many))
      assert.match(all.err, /^2,500 tasks handed over/)
    }))

  it.effect("says what was handed over before a line that is no payload", () =>
    Effect.gen(function*() {
      const { found } = yield* surroundings
      const { code, err, out } = yield* submit(["Factor", "--from", "-", "--detach"], found("{\"n\":1}\n{\"n\":\n"))
      assert.deepStrictEqual([code, out], [2, ""])
      assert.match(err, /standard input, line 2: It is not JSON/)
      assert.match(err, /1 task had been handed over as submission Factor-\w+: cadre submission cancel Factor-\w+ /)
    }))

  it.effect("hands a schedule over, encoded, and shows it", () =>
    Effect.gen(function*() {
      const { found, scheduled } = yield* surroundings
      const cron = ["--cron", "0 3 * * *", "--time-zone", "Europe/Rome", "--overlap", "cancel", "--name", "nightly"]
      const { code, err, out } = yield* submit([...one, ...cron, "--deadline", "1h"], found())
      assert.strictEqual(code, 0, err)
      assert.match(out, /^nightly +trial Factor +0 3 \* \* \* +Europe\/Rome /)
      const [spec] = scheduled
      assert.deepInclude(spec, {
        id: "nightly",
        cron: "0 3 * * *",
        timeZone: "Europe/Rome",
        catchUp: "none",
        overlap: "cancel",
        deadline: 3_600_000
      })
      assert.isAbove(spec?.payload.length ?? 0, 0)
      assert.strictEqual(spec?.spec.requirement.taskName, "Factor")
    }))

  it.effect("names what cannot be asked for, before a server is looked for", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
        [["--detach", "--in-process"], /--in-process and --detach exclude each other: tasks of this process end/],
        [["--detach", "--timeout", "3s"], /--detach and --timeout exclude each other: .*cadre submission wait/],
        [["--detach", "--follow"], /--detach and --follow exclude each other/],
        [["--cron", "0 3 * * *", "--delay", "3s"], /--cron and --delay exclude each other/],
        [["--cron", "0 3 * *"], /--cron: "0 3 \* \*" cannot be read .* such as "0 3 \* \* \*"/],
        [
          ["--cron", "0 3 * * *", "--time-zone", "Mars"],
          /There is no time zone "Mars": write one such as Europe\/Rome/
        ],
        [["--time-zone", "UTC"], /--time-zone is for --cron/],
        [["--catch-up", "one"], /--catch-up is for --cron/],
        [["--in-process", "--memory", "1GB"], /--memory is for worker threads: .* add --threads/],
        [["--name", "a b"], /--name: "a b"\. Expected up to 60 letters/],
        [["--on-bad-line", "skip"], /--on-bad-line is for the lines of --from/]
      ]
      for (const [words, expected] of wrong) {
        const { code, err, out } = yield* submit([...one, ...words], {})
        assert.deepStrictEqual([code, out], [2, ""], err)
        assert.match(err, expected)
      }
    }))
})
