import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, Layer, Option, Scope, Stream } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import * as SupervisorNode from "../../layers/supervisor/SupervisorNode.ts"
import { type Child, Supervisor } from "../../services/Supervisor.ts"
import type { ChildSpec } from "../../src/process/ChildSpec.ts"
import * as SupervisorSuite from "../suites/SupervisorSuite.ts"

const sh = (script: string, ...args: ReadonlyArray<string>): ChildSpec => ({
  command: "sh",
  args: ["-c", script, "sh", ...args]
})

/** What has ended may be there for a moment, until somebody takes notice. */
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0) && !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ")
  } catch {
    return false
  }
}

const octal = (byte: number): string => `\\0${byte.toString(8)}`

/** What this process was itself given by somebody who meant no good. */
const intrusion = { name: "RUBYOPT", value: "-W0" }

const withIntrusion = Layer.effectDiscard(Effect.acquireRelease(
  Effect.sync(() => {
    process.env[intrusion.name] = intrusion.value
  }),
  () =>
    Effect.sync(() => {
      delete process.env[intrusion.name]
    })
))

SupervisorSuite.suite(
  "processes",
  {
    exits: (code) => sh(`echo run; exit ${code}`),
    writes: (stdout, stderr) => sh("printf %b \"$1\"; printf %s \"$2\" >&2", [...stdout].map(octal).join(""), stderr),
    floods: (bytes) => sh(`head -c ${bytes} /dev/zero | tr '\\0' x`),
    crashes: (signal) => sh(`kill -s ${signal.slice(3)} $$`),
    waits: sh("echo ready; exec sleep 100"),
    stubborn: sh("trap '' TERM; echo ready; exec sleep 100"),
    polite: sh("trap 'echo bye; exit 7' TERM; echo ready; sleep 100 & wait"),
    greedy: sh("(head -c 100000000 /dev/zero; sleep 100) | tail -n 1 >/dev/null"),
    echoes: { command: "cat" },
    tells: (variable) => sh(`echo "$${variable}"`),
    intrusion,
    isAlive
  },
  Layer.merge(SupervisorNode.layer, withIntrusion),
  { real: true }
)

/** The processes whose variables have that text in them, and that live. */
const holders = (text: string): ReadonlyArray<string> =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "latin1").includes(text)
    } catch {
      return false
    }
  })

const start = (spec: ChildSpec) => Effect.flatMap(Supervisor, (supervisor) => supervisor.start(spec))

const firstLine = (child: Child) =>
  Effect.map(
    Stream.runHead(child.lines()),
    (line) => Option.match(line, { onNone: () => "", onSome: ({ text }) => text })
  )

let marks = 0

/** A variable that no process has but those of one test. */
const marked = (spec: ChildSpec): ChildSpec & { readonly env: { readonly TEST_MARK: string } } => ({
  ...spec,
  env: { TEST_MARK: `${process.pid}-${++marks}` }
})

const markOf = ({ env: { TEST_MARK } }: ReturnType<typeof marked>): string => `TEST_MARK=${TEST_MARK}\0`

const live = (name: string, test: Effect.Effect<void, unknown, Supervisor | Scope.Scope>) =>
  it.live(name, () => Effect.provide(Effect.scoped(test), SupervisorNode.layer))

describe.runIf(process.platform === "linux")("descendants of a child", () => {
  const ways: { readonly [way: string]: string } = {
    "that are in the background": "sleep 100 & echo $!",
    "that have left the process group": "setsid sleep 100 & echo $!",
    "that have forked twice": "(setsid sh -c 'sleep 100 & sleep 100' >/dev/null 2>&1 &); echo started",
    "that do not mind being asked": "(trap '' TERM; setsid sleep 100 >/dev/null 2>&1 &); echo started",
    "that hold its output open": "(trap '' HUP; setsid sleep 100 &); echo started"
  }
  for (const [way, script] of Object.entries(ways)) {
    live(
      `${way} end with it`,
      Effect.gen(function*() {
        const spec = marked(sh(script))
        const child = yield* start({ ...spec, grace: "100 millis" })
        assert.isNotEmpty(yield* firstLine(child))
        assert.deepStrictEqual(yield* child.exit, { _tag: "Exited", code: 0 })
        assert.deepStrictEqual(holders(markOf(spec)), [])
      })
    )
  }

  live(
    "that have no mark are known by their parents",
    Effect.gen(function*() {
      const child = yield* start({ ...sh("env -i setsid sh -c 'echo $$; exec sleep 100' & wait"), grace: "100 millis" })
      const pid = Number(yield* firstLine(child))
      assert.isTrue(isAlive(pid))
      yield* child.stop()
      assert.isFalse(isAlive(pid))
    })
  )

  live(
    "multiply no further than they may",
    Effect.gen(function*() {
      // 127 processes at most, if nobody stops it.
      const bomb = "b() { [ $1 -gt 0 ] && { b $(($1 - 1)) & b $(($1 - 1)) & }; sleep 100; }; b 6"
      const spec = marked(sh(bomb))
      const exit = yield* (yield* start({ ...spec, limits: { processes: 8 } })).exit
      if (exit._tag !== "ProcessesExceeded") return assert.fail(JSON.stringify(exit))
      assert.strictEqual(exit.limit, 8)
      assert.isAbove(exit.used, 8)
      assert.deepStrictEqual(holders(markOf(spec)), [])
    })
  )

  live(
    "end when the supervisor's own process is killed",
    Effect.promise(async () => {
      const mark = `${process.pid}-victim`
      const program = fileURLToPath(new URL("../layers/supervisor/victim.ts", import.meta.url))
      const others = Array.from({ length: 17 }, () => "ignore" as const)
      const victim = spawn(process.execPath, ["--conditions=cadre-source", program, mark], {
        // The last one is of no concern to anybody but the victim.
        stdio: ["ignore", "pipe", "inherit", ...others, "pipe"]
      })
      if (victim.stdout === null) return assert.fail("no output")
      const [said] = await once(victim.stdout, "data")
      assert.strictEqual(String(said), "/dev/null ready ready ready\n")
      assert.isAtLeast(holders(`VICTIM=${mark}\0`).length, 4)
      victim.kill("SIGKILL")
      await once(victim, "exit")
      const patience = Date.now() + 20_000
      while (holders(`VICTIM=${mark}\0`).length > 0 && Date.now() < patience) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      assert.deepStrictEqual(holders(`VICTIM=${mark}\0`), [])
    })
  )
})

describe("a child", () => {
  live(
    "that writes much takes no memory here",
    Effect.gen(function*() {
      const before = process.memoryUsage()
      const child = yield* start(sh("head -c 50000000 /dev/zero"))
      const count = yield* Stream.runFold(
        child.output({ whenBehind: "wait" }),
        () => 0,
        (sum, piece) => sum + (piece._tag === "Bytes" ? piece.bytes.length : 0)
      )
      assert.strictEqual(count, 50_000_000)
      const after = process.memoryUsage()
      assert.isBelow(after.rss - before.rss, 40e6)
      assert.deepStrictEqual(yield* child.exit, { _tag: "Exited", code: 0 })
    })
  )

  live(
    "that has ended is not waited for by who does not read",
    Effect.gen(function*() {
      const child = yield* start({ ...sh("head -c 3000000 /dev/zero & read line; printf last >&2"), stdin: "pipe" })
      const ended = yield* Effect.forkChild(child.exit)
      const reader = Stream.tap(child.output({ whenBehind: "wait" }), () => Fiber.await(ended))
      const reading = yield* Effect.forkChild(Stream.runCollect(reader))
      // By then it has written as much as the reader takes, and nothing more is read.
      for (const code of [1, 2, 3]) yield* (yield* start(sh(`exit ${code}`))).exit
      yield* child.write("\n")
      assert.deepStrictEqual(yield* child.exit, { _tag: "Exited", code: 0 })
      const pieces = yield* Fiber.join(reading)
      assert.isTrue(pieces.some((piece) => piece._tag === "Bytes" && piece.stream === "stderr"))
    })
  )

  live(
    "that closes its output goes on",
    Effect.gen(function*() {
      const child = yield* start({ ...sh("echo a; exec >&- 2>&-; read line; exit $line"), stdin: "pipe" })
      assert.strictEqual(yield* firstLine(child), "a")
      assert.isTrue(yield* child.write("4\n"))
      assert.deepStrictEqual(yield* child.exit, { _tag: "Exited", code: 4 })
    })
  )

  live(
    "that is stopped by a signal can be ended",
    Effect.gen(function*() {
      const child = yield* start(sh("trap 'exit 9' TERM; kill -STOP $$ & echo ready; while :; do sleep 0.02; done"))
      yield* firstLine(child)
      assert.deepStrictEqual(yield* child.stop("1 minute"), { _tag: "Exited", code: 9 })
    })
  )

  live(
    "has its standard streams, its limits, its session, and nothing else",
    Effect.gen(function*() {
      const child = yield* start({
        ...sh(
          "for fd in /proc/self/fd/*; do readlink $fd; done | grep -v -e socket: -e pipe: -e /dev/null -e /proc/; ulimit -n; pwd"
        ),
        cwd: "/",
        limits: { openFiles: 77, processes: 50, memory: "1 GiB" }
      })
      const pid = Option.getOrThrow(yield* child.pid)
      assert.deepStrictEqual(yield* child.exit, { _tag: "Exited", code: 0 })
      assert.deepStrictEqual((yield* child.lastLines).map(({ text }) => text), ["77", "/"])
      assert.isAbove(pid, 0)
    })
  )

  live(
    "that cannot be started says why",
    Effect.gen(function*() {
      const reasonOf = (spec: ChildSpec) =>
        Effect.gen(function*() {
          const exit = yield* (yield* start(spec)).exit
          return exit._tag === "CouldNotStart" ? exit.reason : JSON.stringify(exit)
        })
      assert.include(yield* reasonOf({ command: "sh", cwd: "/no/such/folder" }), "/no/such/folder does not exist")
      assert.include(yield* reasonOf({ command: "sh", cwd: "/etc/passwd" }), "/etc/passwd is no folder")
      assert.include(yield* reasonOf({ command: "/etc" }), "/etc is a folder")
      assert.include(yield* reasonOf({ command: "./passwd", cwd: "/etc" }), "not executable")
      assert.include(yield* reasonOf({ command: "sh", args: ["x".repeat(3_000_000)] }), "too long")
      assert.include(yield* reasonOf({ command: "sh", args: ["\0"] }), "NUL")
    })
  )
})

describe.runIf(process.platform === "linux")("a supervisor", () => {
  live(
    "leaves nothing behind",
    Effect.gen(function*() {
      const open = () => readdirSync("/proc/self/fd").length
      const before = open()
      const spec = marked({ command: "sleep", args: ["100"] })
      yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Effect.scoped(Effect.asVoid(start(spec))),
        { concurrency: 10, discard: true }
      )
      assert.deepStrictEqual(holders(markOf(spec)), [])
      assert.deepStrictEqual(yield* (yield* Supervisor).children, [])
      // The watchdog's pipe.
      assert.isAtMost(open() - before, 2)
    })
  )

  it.live("stops all at once when it ends", () =>
    Effect.gen(function*() {
      const spec = marked(sh("trap '' TERM; echo ready; exec sleep 100"))
      const began = yield* Effect.scoped(Effect.gen(function*() {
        const supervisor = Context.get(yield* Layer.build(SupervisorNode.layer), Supervisor)
        const outer = yield* Scope.make()
        const begin = supervisor.start({ ...spec, grace: "300 millis" })
        const children = yield* Effect.forEach([1, 2, 3, 4], () => Scope.provide(begin, outer))
        for (const child of children) yield* firstLine(child)
        return yield* Clock.currentTimeMillis
      }))
      assert.isBelow((yield* Clock.currentTimeMillis) - began, 1_000)
      assert.deepStrictEqual(holders(markOf(spec)), [])
    }))
})
