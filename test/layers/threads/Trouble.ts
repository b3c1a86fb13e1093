/** Tasks that make trouble, beside those of the suites, as worker threads run them. */
import { Effect, Layer, Schema } from "effect"
import { Task } from "../../../services/Task.ts"
import { TaskContext } from "../../../services/TaskContext.ts"
import { TaskLibrary } from "../../../services/TaskLibrary.ts"
import { TaskModule } from "../../../services/TaskModule.ts"
import { mark, Stage, until } from "../../suites/Stage.ts"
import { Echo, SuiteLive, Tidy, Wait } from "../../suites/Tasks.ts"
import { layerThread } from "./ThreadStage.ts"

/** Ways that may be survived anywhere. */
export const Mild = Schema.Literals(["throw", "die", "block", "never", "uninterruptible"])
/** Ways that only a thread of its own survives. */
export const Grave = Schema.Literals([
  "exit",
  "objects",
  "strings",
  "buffers",
  "loop",
  "rejection",
  "timer",
  "timerAfterwards"
])

const payload = { id: Schema.String, how: Schema.Union([Mild, Grave]) }
const options = { payload, success: Schema.String, attempts: 1, grace: "150 millis" } as const

/** Says `began <id>`, is let go by the mark `go <id>`, then does as told; what it survives gives its id. */
export const Trouble = Task.make("Trouble", options)
/** The same with little time. */
export const Brief = Task.make("Brief", { ...options, timeout: "300 millis" })
/** The same, tried again. */
export const Deadly = Task.make("Deadly", { payload, success: Schema.String, grace: "150 millis" })
/** The same, at most once. */
export const Single = Task.make("SingleTrouble", { ...options, delivery: "atMostOnce" })
/** Computes for so many milliseconds, and says where. */
export const Compute = Task.make("Compute", { payload: { millis: Schema.Finite }, success: Schema.String })
/** Runs a `Tidy` and a `Wait`, then makes trouble before they have ended. */
export const Parent = Task.make("Parent", { payload: { id: Schema.String, slow: Schema.Int }, attempts: 1 })
/** Comes to its number, or to a bad end. */
export const How = Schema.Literals(["at once", "later", "die", "exit", "never", "loop"])
const piece = { payload: { n: Schema.Int, how: How }, success: Schema.Int, grace: "20 millis" } as const
export const Piece = Task.make("Piece", piece)
export const HastyPiece = Task.make("HastyPiece", { ...piece, timeout: "60 millis" })
/** For what would be tried again. */
export const FinalPiece = Task.make("FinalPiece", { ...piece, attempts: 1 })
/** Adds up what ten tasks give. */
export const Sum = Task.make("Sum", { success: Schema.Int })
/** Gives the message of what becomes of a task that is to follow one that fails. */
export const Follower = Task.make("Follower", { success: Schema.Tuple([Schema.String, Schema.String]) })

export const Troubles = TaskLibrary.make(
  "troubles",
  { version: "1.0.0" },
  Trouble,
  Brief,
  Deadly,
  Single,
  Compute,
  Parent,
  Piece,
  HastyPiece,
  FinalPiece,
  Sum,
  Follower
)

const block = (millis: number): void => {
  const end = performance.now() + millis
  while (performance.now() < end);
}

/** Fills the memory until somebody stops it; what it makes is kept. */
const fill = <A>(make: (index: number) => A): never => {
  const hoard: Array<A> = []
  for (let index = 0;; index++) hoard.push(make(index))
}

const error = (): never => {
  throw new RangeError("out of luck")
}

const does = (how: (typeof payload.how)["Type"]): Effect.Effect<void, never, Stage> => {
  switch (how) {
    case "throw":
      return Effect.sync(error)
    case "die":
      return Effect.die(new RangeError("out of luck"))
    case "block":
      return Effect.sync(() => block(700))
    case "never":
      return Effect.never
    case "uninterruptible":
      return Effect.uninterruptible(Effect.sleep("800 millis"))
    case "exit":
      return Effect.sync(() => process.exit(3))
    case "objects":
      return Effect.sync(() => fill((index) => ({ index, text: `text ${index}`, more: { index } })))
    case "strings":
      return Effect.sync(() => fill((index) => `${index}`.padEnd(1_000, `${index} `)))
    case "buffers":
      return Effect.sync(() => fill((index) => new Uint8Array(100_000).fill(index)))
    case "loop":
      return Effect.sync(() => block(60_000))
    case "rejection":
      return Effect.andThen(Effect.sync(() => void Promise.reject(new RangeError("out of luck"))), Effect.never)
    case "timer":
      return Effect.andThen(Effect.sync(() => setTimeout(error)), Effect.never)
    case "timerAfterwards":
      return Effect.map(Stage, (stage) => {
        const throwing = Effect.andThen(stage.until("throw"), Effect.sync(() => setTimeout(error)))
        // It is to outlive its task.
        Effect.runFork(throwing)
      })
  }
}

const trouble = ({ how, id }: { readonly how: (typeof payload.how)["Type"]; readonly id: string }) =>
  Effect.gen(function*() {
    yield* mark(`began ${id}`)
    yield* until(`go ${id}`)
    yield* does(how)
    return id
  })

const comesTo = (
  { how, n }: { readonly how: typeof How.Type; readonly n: number }
): Effect.Effect<number, never, Stage> => {
  if (how === "at once") return Effect.succeed(n)
  return how === "later" ? Effect.as(Effect.sleep(n % 20), n) : Effect.as(does(how), n)
}

export const TroublesLive = Troubles.toLayer({
  Trouble: trouble,
  Brief: trouble,
  Deadly: trouble,
  SingleTrouble: trouble,
  Compute: ({ millis }) =>
    Effect.andThen(Effect.sync(() => block(millis)), Effect.map(TaskContext, ({ executor }) => executor)),
  Parent: ({ id, slow }) =>
    Effect.gen(function*() {
      yield* Tidy.submit({ name: `tidy ${id}`, finalizer: slow })
      yield* Wait.submit({ name: `wait ${id}` })
      yield* until(`began tidy ${id}`)
      yield* until(`began wait ${id}`)
      yield* mark(`began ${id}`)
      yield* until(`go ${id}`)
      yield* does("exit")
    }).pipe(Effect.orDie),
  Piece: comesTo,
  HastyPiece: comesTo,
  FinalPiece: comesTo,
  Sum: () =>
    Effect.gen(function*() {
      const set = yield* Echo.submitAll(Array.from({ length: 10 }, (_, n) => ({ n })))
      const outcomes = yield* set.awaitAll
      return outcomes.reduce((sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : Number.NaN, 0)
    }).pipe(Effect.orDie),
  Follower: () =>
    Effect.gen(function*() {
      const dying = yield* Trouble.submit({ id: "followed", how: "die" })
      const after = yield* Wait.submit({ name: "follower" }, { after: [dying] })
      yield* mark("go followed")
      const { message } = yield* Effect.flip(after.await)
      return [dying.id, message] as const
    }).pipe(Effect.orDie)
})

export default TaskModule.make(import.meta.url, Layer.provide(Layer.merge(SuiteLive, TroublesLive), layerThread))
