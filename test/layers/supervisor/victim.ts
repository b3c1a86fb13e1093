/** Starts children in all manner of ways, says what they say, and waits to be killed. */
import { Console, Effect, Stream } from "effect"
import process from "node:process"
import * as SupervisorNode from "../../../layers/supervisor/SupervisorNode.ts"
import { Supervisor } from "../../../services/Supervisor.ts"

const scripts = [
  // What is behind a descriptor that somebody has left open.
  "readlink /proc/$$/fd/20 || echo nothing; exec sleep 100",
  "trap '' TERM HUP; echo ready; while :; do sleep 0.1; done",
  "setsid sh -c 'echo ready; exec sleep 100' & wait",
  "(trap '' TERM; setsid sh -c 'echo ready; sleep 100 >/dev/null 2>&1' &) & exec sleep 100"
]

const program = Effect.gen(function*() {
  const supervisor = yield* Supervisor
  const said: Array<string> = []
  for (const script of scripts) {
    const child = yield* supervisor.start({ command: "sh", args: ["-c", script], env: { VICTIM: process.argv[2] } })
    for (const { text } of yield* Stream.runCollect(Stream.take(child.lines(), 1))) said.push(text)
  }
  yield* Console.log(said.join(" "))
  return yield* Effect.never
})

await Effect.runPromise(Effect.scoped(Effect.provide(program, SupervisorNode.layer)))
