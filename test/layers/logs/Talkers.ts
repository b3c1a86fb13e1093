/** Tasks that write in every way there is. */
import { Console, Deferred, Effect, Fiber, Layer, Logger, Queue, Schema } from "effect"
import process from "node:process"
import { Task } from "../../../services/Task.ts"
import { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { TaskModule } from "../../../services/TaskModule.ts"

const named = { name: Schema.String }

/** Writes to the streams, and by the Logger and the Console, also from another fiber and after it has waited for others. */
export const Everyway = Task.make("Everyway", { payload: { ...named, together: Schema.Int } })
/** Writes before there is an effect. */
export const Body = Task.make("Body", { payload: named })
export const Effects = Task.make("Effects", { payload: named })
export const Groups = Task.make("Groups", { payload: named })
/** Writes bytes that are no text, in pieces that are no lines. */
export const Bytes = Task.make("Bytes")
/** Has something written once it has ended; the next waits for that. */
export const Stray = Task.make("Stray")
export const AfterStray = Task.make("AfterStray")
/** Has something written by what was there before it. */
export const Pool = Task.make("Pool", { payload: named })
export const Flood = Task.make("Flood", { payload: { lines: Schema.Int, isBad: Schema.Boolean } })
export const Exit = Task.make("Exit", { payload: { lines: Schema.Int }, attempts: 1 })
/** Ends its thread so that nothing in there can say so. */
export const Vanish = Task.make("Vanish", { payload: { lines: Schema.Int }, attempts: 1 })
/** Logs, and ends its thread. */
export const Quit = Task.make("Quit", { payload: named, attempts: 1 })
export const Throw = Task.make("Throw", { payload: named, attempts: 1 })
export const Loop = Task.make("Loop", { payload: named, attempts: 1 })
export const Odd = Task.make("Odd")
/** Logs what a logger of its own prints by itself. */
export const Loud = Task.make("Loud")

export const Talkers = TaskLibrary.make(
  "talkers",
  { version: "1.0.0" },
  Everyway,
  Body,
  Effects,
  Groups,
  Bytes,
  Stray,
  AfterStray,
  Pool,
  Flood,
  Exit,
  Vanish,
  Quit,
  Throw,
  Loop,
  Odd,
  Loud
)

/* oxlint-disable no-console -- this is what it is about */

/** Waits for so many, and is woken by the last of them: in its turn, and in its context. */
const makeBarrier = () => {
  let waiting: Array<Deferred.Deferred<void>> = []
  return (count: number) =>
    Effect.suspend(() => {
      const gate = Deferred.makeUnsafe<void>()
      waiting.push(gate)
      if (waiting.length < count) return Deferred.await(gate)
      const all = waiting
      waiting = []
      return Effect.forEach(all, (gate) => Deferred.succeed(gate, undefined), { discard: true })
    })
}

const effects = (name: string) =>
  Effect.gen(function*() {
    yield* Effect.logWarning(name, { n: 1 }).pipe(
      Effect.annotateLogs({ who: name, n: 1 }),
      Effect.withLogSpan("outer")
    )
    yield* Console.error(`${name} by the console`)
    yield* Fiber.join(yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, Effect.log(`${name} forked`))))
  })

const loop = (): void => {
  for (;;) { /* forever */ }
}

export const TalkersLive = Talkers.toLayer(Effect.gen(function*() {
  const barrier = makeBarrier()
  const strayed = yield* Deferred.make<void>()
  const pool = yield* Queue.unbounded<{ readonly name: string; readonly done: Deferred.Deferred<void> }>()
  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(pool), ({ done, name }) =>
    Effect.andThen(
      Effect.sync(() => console.log(`the pool, for ${name}`)),
      Deferred.succeed(done, undefined)
    ))))
  return {
    Everyway: ({ name, together }) =>
      Effect.gen(function*() {
        console.log(`${name} 1`)
        yield* Effect.yieldNow
        process.stdout.write(`${name} 2, `)
        yield* barrier(together)
        process.stdout.write(Buffer.from("in pieces\n"))
        yield* Effect.promise(async () => {
          await new Promise((resolve) => setTimeout(resolve, 1))
          console.error(`${name} 3`)
        })
        yield* barrier(together)
        console.info(`${name} 4`)
        yield* effects(name)
      }),
    Body: ({ name }) => {
      console.log(`${name} has a body`)
      process.stdout.write(`and so has ${name}`)
      return Effect.void
    },
    Effects: ({ name }) => effects(name),
    Groups: ({ name }) =>
      Effect.gen(function*() {
        yield* Console.group({ label: name })
        yield* barrier(2)
        yield* Console.log("within")
        yield* Console.count("times")
        yield* barrier(2)
      }),
    Bytes: () =>
      Effect.sync(() => {
        const bytes = Buffer.from("a\u{1f980}b\r\nnext\0")
        for (const byte of bytes) process.stdout.write(Uint8Array.of(byte))
        process.stdout.write("ZnI=", "base64")
        process.stderr.write("to another stream")
        process.stdout.write(Uint8Array.of(0xff))
        process.stdout.write("\u001b[31m\ud800")
      }),
    Stray: () =>
      Effect.sync(() => {
        setTimeout(() => {
          console.log("stray")
          Deferred.doneUnsafe(strayed, Effect.void)
        })
      }),
    AfterStray: () => Deferred.await(strayed),
    Pool: ({ name }) => {
      const done = Deferred.makeUnsafe<void>()
      return Effect.andThen(Queue.offer(pool, { name, done }), Deferred.await(done))
    },
    Flood: ({ isBad, lines }) =>
      Effect.sync(() => {
        for (let index = 0; index < lines; index++) console.log(`line ${index}`)
        if (isBad) throw new Error("bad")
      }),
    Exit: ({ lines }) =>
      Effect.sync(() => {
        for (let index = 0; index < lines; index++) console.log(`line ${index}`)
        process.stdout.write("its last words")
        process.exit(3)
      }),
    Vanish: ({ lines }) =>
      Effect.sync(() => {
        for (let index = 0; index < lines; index++) console.log(`line ${index}`)
        process.removeAllListeners("exit")
        process.exit(4)
      }),
    Quit: ({ name }) => Effect.andThen(Effect.log(`${name} quits`), Effect.sync(() => process.exit(5))),
    Throw: ({ name }) =>
      Effect.andThen(
        Effect.sync(() => {
          console.log(`${name} throws`)
          setTimeout(() => {
            console.log(`${name} has thrown`)
            throw new RangeError("out of luck")
          })
        }),
        Effect.never
      ),
    Loud: () => Effect.log("loud"),
    Loop: ({ name }) =>
      Effect.sync(() => {
        console.log(`${name} 1`)
        console.log(`${name} 2`)
        console.log(`${name} 3`)
        loop()
      }),
    Odd: () => {
      const refuse = () => {
        throw new Error("not to be seen")
      }
      const odd = new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse })
      return Effect.andThen(Effect.log("odd", odd), Effect.log("x".repeat(20_000)))
    }
  }
}))

const loudly = Logger.layer([
  Logger.make(({ message }) => {
    if (Array.isArray(message) && message[0] === "loud") console.log("printed loudly")
  })
], { mergeWithExisting: true })

export default TaskModule.make(import.meta.url, Layer.provide(TalkersLive, loudly))
