import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, type Scope } from "effect"
import process from "node:process"
import { TaskStore } from "../../services/TaskStore.ts"
import type { Recovered, Retention } from "../../src/store/Stored.ts"
import type { StoreInUse, StoreUnusable } from "../../src/store/StoreFailed.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import { Book, crashed, succeeded } from "../store/Book.ts"

/** Where one store after the other is opened. */
export interface Place {
  readonly layer: (owner?: string) => Layer.Layer<TaskStore, StoreInUse | StoreUnusable>
  /** Whoever has it is dead to all others, and does not know it. */
  readonly abandon: () => void
}

type Store = TaskStore["Service"]

const everything: Retention = { age: 0, size: 0 }
const later = 2 ** 41

/** Opens it in a scope of its own. */
const within = <A, E>(place: Place, use: (store: Store) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.scoped(Effect.flatMap(Layer.build(place.layer()), (context) => use(Context.get(context, TaskStore))))

const bookOf = ({ generation, nextSource, past, sequence }: Recovered): Book =>
  new Book({ generation, nextSource, sequence, next: past.reduce((sum, { count }) => sum + count, 0) })

const commitAll = (store: Store, ...commits: ReadonlyArray<Parameters<Store["commit"]>[0]>) =>
  Effect.gen(function*() {
    for (const commit of commits) assert.strictEqual(yield* store.commit(commit), "committed")
  })

/** All pages from the first on. */
const pages = <A, E>(
  start: number,
  read: (from: number) => Effect.Effect<{ readonly items: ReadonlyArray<A>; readonly next: number | undefined }, E>,
  between: Effect.Effect<unknown> = Effect.void
) =>
  Effect.gen(function*() {
    const all: Array<A> = []
    for (let next: number | undefined = start; next !== undefined;) {
      const page: { readonly items: ReadonlyArray<A>; readonly next: number | undefined } = yield* read(next)
      all.push(...page.items)
      next = page.next
      yield* between
    }
    return all
  })

/** The laws of a store, for whatever provides one. */
export const taskStoreLaws = (name: string, makePlace: Effect.Effect<Place, never, Scope.Scope>): void => {
  describe(name, () => {
    const law = (
      title: string,
      body: (place: Place) => Effect.Effect<void, unknown, Scope.Scope>
    ) => it.effect(title, () => Effect.flatMap(makePlace, body))

    law(
      "whole – what was committed is there with all that belongs to it, whoever died meanwhile",
      (place) =>
        Effect.gen(function*() {
          const book = new Book()
          yield* Effect.flatMap(Layer.build(place.layer()), (context) => {
            const store = Context.get(context, TaskStore)
            const stored = book.accept({ entry: { count: 3, keep: true }, size: 5 })
            book.assign(0)
            const line = { time: 1, level: "INFO", message: "hello", annotations: {} }
            return commitAll(
              store,
              book.take({
                lines: [{ task: 0, epoch: 1, line }],
                values: [{ space: "s", key: "k", value: Uint8Array.of(7) }]
              }),
              (book.end(0, succeeded(1, 2)), book.end(1, crashed, { epoch: 0 }), book.take()),
              (book.end(2), book.take({ ended: [stored.source] }))
            )
          })
          place.abandon()
          yield* within(place, (store) =>
            Effect.gen(function*() {
              assert.strictEqual(store.recovered.sequence, book.sequence)
              const { items } = yield* store.endings({ submission: "set", after: 0, limit: 9 })
              assert.deepStrictEqual(items.map(({ index, outcome }) => [index, outcome]), [
                [0, succeeded(1, 2)],
                [1, crashed],
                [2, succeeded(1)]
              ])
              assert.deepStrictEqual(yield* store.failed(Infinity, 9), [1])
              assert.deepStrictEqual((yield* store.transitionsOf(0)).map(({ kind }) => kind), [
                "Accepted",
                "Assigned",
                "Ended"
              ])
              const payloads = yield* store.payloads(0, 1, 9)
              assert.deepStrictEqual([...payloads.offsets], [0, 5, 10])
              assert.deepStrictEqual([...payloads.bytes], [1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
              assert.deepStrictEqual((yield* store.lines(0, 0, 9)).items.map(({ line }) => line.message), ["hello"])
              assert.deepStrictEqual(Option.getOrUndefined(yield* store.value("s", "k")), Uint8Array.of(7))
              assert.deepStrictEqual([...(yield* store.ended(0, 9)).keys()], [0, 1, 2])
            }))
        })
    )

    law("fenced – who had it before is refused, and changes nothing", (place) =>
      Effect.gen(function*() {
        const first = Context.get(yield* Layer.build(place.layer()), TaskStore)
        const book = new Book()
        book.accept()
        yield* commitAll(first, book.take())
        place.abandon()
        const second = Context.get(yield* Layer.build(place.layer()), TaskStore)
        assert.isAbove(second.recovered.generation, first.recovered.generation)
        assert.notStrictEqual(second.recovered.incarnation, first.recovered.incarnation)
        const late = new Book({ ...second.recovered, generation: 1, next: 1 })
        late.accept()
        assert.strictEqual(yield* first.commit(late.take()), "refused")
        assert.strictEqual(Option.isNone(yield* second.entryOf(1)), true)
        const next = bookOf(second.recovered)
        next.accept({ submission: "other" })
        yield* commitAll(second, next.take())
        assert.strictEqual(Option.getOrThrow(yield* second.entryOf(1)).submission, "other")
      }))

    law("one – a store in use is not opened, and the error names who has it", (place) =>
      Effect.gen(function*() {
        yield* Effect.scoped(Effect.gen(function*() {
          yield* Layer.build(place.layer("the first"))
          const error = yield* Effect.flip(Effect.scoped(Layer.build(place.layer("the second"))))
          assert.strictEqual(error._tag, "StoreInUse")
          assert.include(error.message, "the first")
          assert.include(error.message, String(process.pid))
        }))
        yield* Effect.scoped(Layer.build(place.layer("the third")))
      }))

    law(
      "ordered – a commit with a gap is refused, and changes nothing",
      (place) =>
        within(place, (store) =>
          Effect.gen(function*() {
            const book = new Book()
            book.accept()
            yield* commitAll(store, book.take())
            const early = new Book({ sequence: 2, next: 1, nextSource: 1 })
            early.accept()
            assert.strictEqual(yield* store.commit(early.take()), "refused")
            const torn = new Book({ sequence: 1, next: 1, nextSource: 1 })
            torn.accept()
            torn.sequence++
            torn.assign(0)
            assert.strictEqual(yield* store.commit(torn.take()), "refused")
            assert.strictEqual(Option.isNone(yield* store.entryOf(1)), true)
            book.accept()
            yield* commitAll(store, book.take())
          }))
    )

    law("recovered – what is opened again is what was committed, however often", (place) =>
      Effect.gen(function*() {
        const book = new Book()
        let through = 0
        const first = yield* within(place, (store) =>
          Effect.gen(function*() {
            const done = book.accept({ submitter: "bob", submission: "done" })
            const live = book.accept({ entry: { count: 5 } })
            const asked = book.accept({ entry: { keys: ["k"] } })
            yield* commitAll(store, book.take())
            for (const task of [0, 1, 2, 3, 6]) book.assign(task)
            book.record("Started", 1, { by: "e" })
            book.record("Retrying", 2, { by: "e", detail: 50, at: 2_000 })
            for (const task of [0, 3]) book.end(task)
            book.end(6, succeeded(6))
            const ended = [done.source, asked.source]
            through = book.sequence
            const acknowledged = [{ submitter: "bob", through }]
            yield* commitAll(store, book.take({ ended, acknowledged }))
            book.accept({ entry: { after: [0], refs: [0] } })
            assert.strictEqual(live.first, 1)
            yield* commitAll(store, book.take())
            return store.recovered
          }))
        let { generation } = first
        for (let again = 0; again < 3; again++) {
          yield* within(place, ({ recovered }) =>
            Effect.sync(() => {
              assert.strictEqual(recovered.generation, ++generation)
              assert.strictEqual(recovered.sequence, book.sequence)
              assert.strictEqual(recovered.nextSource, book.nextSource)
              assert.strictEqual(recovered.past.reduce((sum, { count }) => sum + count, 0), book.next)
              assert.deepStrictEqual(recovered.submitters.toSorted((a, b) => a.submitter < b.submitter ? -1 : 1), [
                { submitter: "ada", acknowledged: 0 },
                { submitter: "bob", acknowledged: through }
              ])
              assert.deepStrictEqual(recovered.entries.map(({ restored, stored }) => [stored.first, restored]), [
                // Followed by another, which needs what came of it.
                [0, {
                  generation: 1,
                  first: 0,
                  tasks: [{ index: 0, epoch: 1, deaths: 0, generation: 1, outcome: succeeded(1) }]
                }],
                [1, {
                  generation: 1,
                  first: 1,
                  tasks: [
                    { index: 0, epoch: 1, deaths: 0, generation: 1, executorId: ExecutorId.make("e"), isStarted: true },
                    { index: 1, epoch: 1, deaths: 0, generation: 1, retries: 1, retryAt: 2_050 }
                  ],
                  ended: [{ from: 2, to: 3, status: "succeeded" }]
                }],
                // It may be handed over again.
                [6, {
                  generation: 1,
                  first: 6,
                  tasks: [{ index: 0, epoch: 1, deaths: 0, generation: 1, outcome: succeeded(6) }]
                }],
                [7, { generation: 1, first: 7, tasks: [] }]
              ])
            }))
        }
      }))

    law("recovered – from what was known at a transition, without what came before", (place) =>
      Effect.gen(function*() {
        const book = new Book()
        yield* within(place, (store) =>
          Effect.gen(function*() {
            const { source } = book.accept({ entry: { count: 4 } })
            for (const task of [0, 1]) book.assign(task, "e", 7)
            const restored = {
              generation: 1,
              first: 0,
              tasks: [{ index: 1, epoch: 9, deaths: 2, generation: 1, retries: 3 }],
              ended: [{ from: 0, to: 1, status: "failed" }]
            } as const
            yield* commitAll(store, book.take({ states: [{ source, sequence: book.sequence, restored }] }))
            book.assign(1, "f", 10)
            yield* commitAll(store, book.take())
          }))
        yield* within(place, ({ recovered }) =>
          Effect.sync(() =>
            assert.deepStrictEqual(
              recovered.entries.map(({ restored }) => restored),
              [{
                generation: 1,
                first: 0,
                tasks: [
                  {
                    index: 1,
                    epoch: 10,
                    deaths: 2,
                    generation: 1,
                    retries: 3,
                    executorId: ExecutorId.make("f"),
                    isStarted: false
                  }
                ],
                ended: [{ from: 0, to: 1, status: "failed" }]
              }]
            )
          ))
      }))

    law("kept – what has not ended, or has not been acknowledged, is not removed", (place) =>
      Effect.gen(function*() {
        const book = new Book()
        yield* within(place, (store) =>
          Effect.gen(function*() {
            const done = book.accept({ submitter: "bob", submission: "done" })
            const followed = book.accept({ submitter: "bob", submission: "followed" })
            const live = book.accept({ entry: { count: 2, after: [1] } })
            const untold = book.accept({ submitter: "eve", submission: "untold" })
            for (const task of [0, 1, 2, 4]) book.end(task, crashed)
            yield* commitAll(store, book.take({ ended: [done.source, followed.source, untold.source] }))
            yield* commitAll(store, (book.record("Joined", -1, { by: "e", count: 0 }), book.take()))
            yield* store.retain(everything, later)
            assert.strictEqual((yield* store.entries({ limit: 9 })).items.length, 4)
            const acknowledged = [{ submitter: "bob", through: book.sequence }]
            yield* commitAll(store, book.take({ acknowledged }))
            // Nothing is old yet.
            yield* store.retain({ age: later, size: later }, 10_000)
            assert.strictEqual((yield* store.entries({ limit: 9 })).items.length, 4)
            yield* store.retain(everything, later)
            assert.deepStrictEqual(
              (yield* store.entries({ limit: 9 })).items.map(({ source }) => source),
              [untold.source, live.source, followed.source]
            )
            assert.deepStrictEqual(yield* store.failed(Infinity, 9), [4, 2, 1])
            assert.strictEqual((yield* store.endings({ submission: "untold", after: 0, limit: 9 })).items.length, 1)
            assert.deepStrictEqual((yield* store.endings({ submission: "done", after: 0, limit: 9 })).items, [])
            book.end(3)
            const rest = { acknowledged: [{ submitter: "ada", through: book.sequence }], departed: ["eve"] }
            yield* commitAll(store, book.take({ ...rest, ended: [live.source] }))
            yield* commitAll(store, (book.record("Left", -1, { by: "e", count: 0 }), book.take()))
            yield* store.retain(everything, later)
            assert.deepStrictEqual((yield* store.entries({ limit: 9 })).items, [])
            assert.deepStrictEqual(yield* store.failed(Infinity, 9), [])
            assert.deepStrictEqual(yield* store.transitionsOf(3), [])
          }))
        // What is gone leaves no position, number or source to be given out again.
        yield* within(place, ({ recovered }) =>
          Effect.sync(() => {
            assert.strictEqual(recovered.sequence, book.sequence)
            assert.strictEqual(recovered.nextSource, book.nextSource)
            assert.strictEqual(recovered.past.reduce((sum, { count }) => sum + count, 0), book.next)
          }))
      }))

    law(
      "paged – pages have everything once and in order, also while commits go on",
      (place) =>
        within(place, (store) =>
          Effect.gen(function*() {
            const book = new Book()
            const more = Effect.suspend(() => {
              const submission = book.next % 3 === 0 ? "a" : "b"
              const { first, source } = book.accept({ entry: { count: 3 }, submission, submitter: `of ${submission}` })
              book.end(first, crashed, { count: 2 })
              book.end(first + 2)
              const line = { time: 1, level: "INFO", message: String(source), annotations: {} }
              return commitAll(
                store,
                book.take({ ended: [source], lines: [{ task: 0, epoch: 1, line }, { task: 0, epoch: 2, line }] })
              )
            })
            for (let left = 40; left > 0; left--) yield* more
            const end = book.sequence
            const endings = yield* pages(
              0,
              (after) =>
                Effect.map(
                  store.endings({ after, limit: 7 }),
                  (page) => after > end ? { ...page, next: undefined } : page
                ),
              more
            )
            const expected = (yield* store.endings({ after: 0, limit: 9_999 })).items
            assert.isAbove(endings.length, 80)
            assert.deepStrictEqual(endings, expected.slice(0, endings.length))
            const ofA = yield* pages(0, (after) => store.endings({ submission: "a", after, limit: 5 }))
            assert.deepStrictEqual(ofA, expected.filter(({ submission }) => submission === "a"))
            const toB = yield* pages(0, (after) => store.endings({ submitter: "of b", after, limit: 1_000 }))
            assert.deepStrictEqual(toB, expected.filter(({ submission }) => submission === "b"))
            const newest = book.nextSource
            const entries = yield* pages(newest, (below) => store.entries({ below, limit: 7 }), more)
            assert.deepStrictEqual(
              entries.map(({ source }) => source),
              Array.from({ length: newest }, (_, index) => newest - 1 - index)
            )
            const lines = yield* pages(0, (after) => store.lines(0, after, 3))
            assert.deepStrictEqual(
              lines.map(({ epoch, line }) => [Number(line.message), epoch]),
              Array.from({ length: book.nextSource * 2 }, (_, index) => [Math.floor(index / 2), 1 + index % 2])
            )
            const failed: Array<number> = []
            for (let below = Infinity;;) {
              const page = yield* store.failed(below, 7)
              failed.push(...page)
              if (page.length < 7) break
              below = page.at(-1)!
            }
            const all = Array.from({ length: book.next }, (_, task) => task).filter((task) => task % 3 !== 2)
            assert.deepStrictEqual(failed, all.toReversed())
          }))
    )
  })
}
