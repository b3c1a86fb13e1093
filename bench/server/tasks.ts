/** What the processes of the benchmark run. */
import { Task, TaskLibrary, TaskModule } from "cadre"
import { Effect, Schema } from "effect"
import { appendFileSync } from "node:fs"
import process from "node:process"
import { compute } from "../compute.ts"

/** Gives back what it is given. */
export const Echo = Task.make("Echo", { payload: { n: Schema.Int }, success: Schema.Int })

/** Gives back the bytes. */
export const Bytes = Task.make("Bytes", { payload: { bytes: Schema.Uint8Array }, success: Schema.Uint8Array })

/** Digests so many KiB. */
export const Compute = Task.make("Compute", { payload: { rounds: Schema.Int }, success: Schema.Int })

/** Takes so many milliseconds, without computing. */
export const Nap = Task.make("Nap", { payload: { n: Schema.Int, millis: Schema.Finite }, success: Schema.Int })

/** Takes 10 ms, and writes down in a file when it began and ended, and in which process. */
export const Traced = Task.make("Traced", { payload: { n: Schema.Int, file: Schema.String }, success: Schema.Int })

/** All of them. */
export const Library = TaskLibrary.make("server-bench", { version: "1.0.0" }, Echo, Bytes, Compute, Nap, Traced)

/** What `Traced` has written: milliseconds since 1970. */
export interface Trace {
  readonly n: number
  readonly pid: number
  readonly what: "began" | "ended"
  readonly at: number
}

const trace = (file: string, n: number, what: Trace["what"]) =>
  Effect.sync(() => appendFileSync(file, `${n} ${process.pid} ${what} ${performance.timeOrigin + performance.now()}\n`))

/** The lines of such a file. */
export const traces = (text: string): ReadonlyArray<Trace> =>
  text.split("\n").filter((line) => line !== "").map((line) => {
    const [n, pid, what, at] = line.split(" ")
    return { n: Number(n), pid: Number(pid), what: what === "began" ? "began" : "ended", at: Number(at) }
  })

/** What they do. */
export const live = Library.toLayer({
  Echo: ({ n }) => Effect.succeed(n),
  Bytes: ({ bytes }) => Effect.succeed(bytes),
  Compute: ({ rounds }) => Effect.sync(() => compute(rounds)),
  Nap: ({ millis, n }) => Effect.as(Effect.sleep(millis), n),
  Traced: Effect.fnUntraced(function*({ file, n }) {
    yield* trace(file, n, "began")
    yield* Effect.sleep(10)
    yield* trace(file, n, "ended")
    return n
  })
})

export default TaskModule.make(import.meta.url, live)
