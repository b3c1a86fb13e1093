import { assert, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { readdirSync } from "node:fs"
import process from "node:process"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Threads from "../../../layers/Threads.ts"
import { Echo } from "../../suites/Tasks.ts"
import type * as Artefact from "./Artefact.ts"
import { layer as stage, pause } from "./ThreadStage.ts"
import troubles, { FinalPiece, Sum } from "./Trouble.ts"

const isSoak = process.env["CADRE_SOAK"] === "1"
const deaths = isSoak ? 200 : 20
/** Heap that may be there for other reasons, in bytes. */
const slack = 3_000_000

/** Files that are open; none where the system does not say. */
const files = (): number => {
  try {
    return readdirSync("/proc/self/fd").length
  } catch {
    return 0
  }
}

const collect = (): void => {
  setFlagsFromString("--expose-gc")
  // Node has no type for what the flag adds.
  const gc = runInNewContext("gc") as () => void
  gc()
  gc()
}

interface Measures {
  readonly heap: number
  readonly files: number
  /** How many there are of each kind. */
  readonly resources: Readonly<Record<string, number>>
}

const measured = Effect.sync((): Measures => {
  collect()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  return { heap: heapUsed + arrayBuffers, files: files(), resources }
})

/** What there is more than before, in words. */
const excess = (before: Measures, after: Measures): ReadonlyArray<string> => [
  ...(after.heap - before.heap > slack ? [`${after.heap - before.heap} bytes`] : []),
  ...(after.files > before.files ? [`${after.files - before.files} files`] : []),
  ...Object.entries(after.resources).flatMap(([kind, count]) => {
    const more = count - (before.resources[kind] ?? 0)
    // One that has its turn at this very moment.
    return more > (kind === "Immediate" ? 1 : 0) ? [`${more} ${kind}`] : []
  })
]

/** What threads leave behind goes away with some turns of the event loop. */
const leftOver = (before: Measures) =>
  Effect.andThen(pause(50), Effect.map(measured, (after) => excess(before, after))).pipe(
    Effect.repeat({ until: (excess) => excess.length === 0, times: 40 })
  )

const work = (tasks: number, deaths: number) =>
  Effect.gen(function*() {
    const set = yield* Effect.scoped(Effect.flatMap(
      Echo.submitAll(Array.from({ length: tasks }, (_, n) => ({ n }))),
      ({ awaitAll }) => awaitAll
    ))
    assert.isTrue(set.every(({ _tag }) => _tag === "Succeeded"))
    yield* Effect.forEach(
      Array.from({ length: deaths }, (_, n) => n),
      (n) => Effect.andThen(Sum.run(), Effect.exit(FinalPiece.run({ n, how: "exit" }))),
      { concurrency: 2, discard: true }
    )
    assert.strictEqual(yield* Sum.run(), 45)
  })

/** Threads leave nothing behind. */
export const suite = (artefact: () => Artefact.Artefact): void => {
  it.live(`10,000 tasks and ${deaths} threads leave nothing behind`, () =>
    Effect.gen(function*() {
      const layer = Threads.layer(artefact().module(troubles), { entry: artefact().entry, threads: 2 }).pipe(
        Layer.provideMerge(stage)
      )
      // Once to load and compile what is loaded and compiled once.
      yield* Effect.provide(work(5_000, 2), layer)
      yield* pause(200)
      const before = yield* measured
      const scope = yield* Scope.make()
      const context = yield* Scope.provide(Layer.build(layer), scope)
      yield* Effect.provide(work(5_000, 2), context)
      yield* pause(200)
      const early = yield* measured
      yield* Effect.provide(work(10_000, deaths), context)
      assert.deepStrictEqual(yield* leftOver(early), [], "while it serves")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* leftOver(before), [], "in the end")
    }))
}
