import { Effect } from "effect"
import * as SupervisorTest from "../../../layers/supervisor/SupervisorTest.ts"
import * as SupervisorSuite from "../../suites/SupervisorSuite.ts"

const alive = new Set<number>()

const programs: SupervisorTest.VirtualPrograms = {
  exits: ({ args, print }) => Effect.as(print("run\n"), Number(args[0])),
  writes: ({ args, print, printError }) =>
    Effect.gen(function*() {
      // A piece for each byte: nothing keeps characters together.
      for (const byte of (args[0] ?? "").split(",")) yield* print(Uint8Array.of(Number(byte)))
      yield* printError(args[1] ?? "")
      return 0
    }),
  floods: ({ args, print }) =>
    Effect.gen(function*() {
      for (let left = Number(args[0]); left > 0; left -= 50_000) {
        yield* print(new Uint8Array(Math.min(left, 50_000)).fill(120))
        yield* Effect.yieldNow
      }
      return 0
    }),
  crashes: ({ args, crash }) => crash(args[0] ?? ""),
  waits: ({ pid, print }) =>
    Effect.acquireUseRelease(
      Effect.sync(() => alive.add(pid)),
      () => Effect.andThen(print("ready\n"), Effect.never),
      () => Effect.sync(() => alive.delete(pid))
    ),
  stubborn: ({ onSignal, print }) =>
    Effect.andThen(Effect.andThen(onSignal("SIGTERM", Effect.void), print("ready\n")), Effect.never),
  polite: ({ onSignal, print }) =>
    Effect.callback<number>((resume) => {
      const asked = Effect.andThen(print("bye\n"), Effect.sync(() => resume(Effect.succeed(7))))
      const begin = Effect.andThen(onSignal("SIGTERM", asked), print("ready\n"))
      Effect.runFork(begin)
    }),
  greedy: ({ take }) => Effect.as(take({ memory: 64 * 1_024 ** 2 }), 0),
  echoes: ({ print, read }) =>
    Effect.gen(function*() {
      for (;;) {
        const input = yield* read
        if (input === undefined) return 0
        yield* print(input)
      }
    }),
  tells: ({ args, env, print }) => Effect.as(print(`${env[args[0] ?? ""] ?? ""}\n`), 0)
}

SupervisorSuite.suite(
  "virtual",
  {
    exits: (code) => ({ command: "exits", args: [String(code)] }),
    writes: (stdout, stderr) => ({ command: "writes", args: [stdout.join(","), stderr] }),
    floods: (bytes) => ({ command: "floods", args: [String(bytes)] }),
    crashes: (signal) => ({ command: "crashes", args: [signal] }),
    waits: { command: "waits" },
    stubborn: { command: "stubborn" },
    polite: { command: "polite" },
    greedy: { command: "greedy" },
    echoes: { command: "echoes" },
    tells: (variable) => ({ command: "tells", args: [variable] }),
    intrusion: { name: "LD_PRELOAD", value: "evil.so" },
    isAlive: (pid) => alive.has(pid)
  },
  SupervisorTest.layer(programs, { env: { PATH: "/bin", LD_PRELOAD: "evil.so" } })
)
