import { assert, describe, it } from "@effect/vitest"
import { MemoryContents } from "../../layers/store/MemoryContents.ts"
import { openMemory } from "../../layers/store/MemoryVolume.ts"
import type { Restored } from "../../src/dispatch/Event.ts"
import type { Recovered, StoredEntry, StoredState } from "../../src/store/Stored.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { Ledger, type TaskStory } from "../dispatch/Ledger.ts"
import { Scenario } from "../simulation/dispatch/Scenario.ts"
import { Book, crashed, succeeded } from "./Book.ts"
import { file, type Filed } from "./Filing.ts"

type Task = Restored["tasks"][number]

const statusOf = ({ _tag }: Outcome) =>
  _tag === "Succeeded" ? "succeeded" : _tag === "Interrupted" ? "cancelled" : "failed"

/** What the commits say, told once more in other words. */
class Naive {
  readonly ledger = new Ledger()
  readonly entries: Array<StoredEntry> = []
  readonly forgotten = new Set<number>()
  readonly #generations: Array<{ readonly generation: number; readonly after: number }> = []
  readonly #retries = new Map<number, number>()

  apply({ commit, generation }: Filed): void {
    if (this.#generations.at(-1)?.generation !== generation) {
      if (this.#generations.length > 0) this.ledger.restart()
      this.#generations.push({ generation, after: this.ledger.sequence })
    }
    this.entries.push(...commit.entries.map(({ entry }) => entry))
    for (const transition of commit.transitions) {
      this.ledger.apply(transition)
      if (transition.kind === "Forgotten") this.forgotten.add(transition.task)
      if (transition.kind === "Retrying") {
        this.#retries.set(transition.task, (this.#retries.get(transition.task) ?? 0) + 1)
      }
    }
  }

  storiesOf({ entry: { count }, first }: StoredEntry): ReadonlyArray<TaskStory> {
    return Array.from({ length: count }, (_, index) => this.ledger.story(first + index))
  }

  isOpen(stored: StoredEntry): boolean {
    return stored.entry.count === 0 || this.storiesOf(stored).some(({ end }) => end === undefined)
  }

  /** Tasks whose outcome an entry that has not ended needs. */
  get needed(): ReadonlySet<number> {
    const needed = new Set<number>()
    for (const stored of this.entries.filter((stored) => this.isOpen(stored))) {
      for (const dependency of [...stored.entry.after ?? [], ...stored.entry.refs ?? []]) {
        if (typeof dependency === "number") needed.add(dependency)
      }
      for (const dependency of stored.entry.refs ?? []) {
        if (typeof dependency === "number") continue
        const other = this.entries.find(({ generation, index, request }) =>
          generation === stored.generation && request === stored.request && index === dependency.entry
        )
        if (other !== undefined && other.entry.count > 0) needed.add(other.first)
      }
    }
    return needed
  }

  check({ epoch, deaths, holding, delayedUntil, task }: TaskStory, found: Task | undefined): void {
    if (epoch === 0) return assert.isUndefined(found?.executorId)
    assert.isDefined(found, `task ${task} was given out, and is not recovered`)
    assert.strictEqual(found.epoch, epoch)
    assert.strictEqual(found.deaths, deaths)
    assert.strictEqual(found.retries ?? 0, this.#retries.get(task) ?? 0)
    assert.strictEqual(found.executorId, holding?.executorId)
    assert.strictEqual(found.isStarted, holding === undefined ? undefined : holding.startedAt !== undefined)
    if (holding === undefined) {
      if (found.retryAt !== undefined) assert.strictEqual(found.retryAt, delayedUntil)
    } else {
      assert.isUndefined(found.retryAt)
      assert.strictEqual(
        found.generation,
        this.#generations.findLast(({ after }) => after < holding.assigned)?.generation
      )
    }
  }
}

/** What was recovered says all that the commits do, and no outcome that nobody needs. */
const judge = (
  naive: Naive,
  { entries, nextSource, past, sequence }: Recovered,
  states: ReadonlyMap<number, StoredState> = new Map()
): void => {
  assert.strictEqual(sequence, naive.ledger.sequence)
  assert.strictEqual(nextSource, naive.entries.length)
  assert.strictEqual(past.reduce((sum, { count }) => sum + count, 0), naive.ledger.next)
  const found = new Map(entries.map((entry) => [entry.stored.source, entry]))
  const needed = naive.needed
  for (const stored of naive.entries) {
    const { first, source } = stored
    const isAsked = stored.entry.keep === true || stored.entry.keys !== undefined
    const stories = naive.storiesOf(stored)
    const mustBe = naive.isOpen(stored) ||
      stories.some(({ task }) => needed.has(task) || (isAsked && !naive.forgotten.has(task)))
    const entry = found.get(source)
    if (mustBe) assert.isDefined(entry, `entry ${source} is missing`)
    if (entry === undefined) continue
    assert.deepStrictEqual(entry.stored, stored)
    assert.strictEqual(entry.restored.first, first)
    const tasks = new Map(entry.restored.tasks.map((task) => [task.index, task]))
    for (const story of stories) {
      const index = story.task - first
      const task = tasks.get(index)
      const range = entry.restored.ended?.filter(({ from, to }) => index >= from && index < to) ?? []
      if (story.end === undefined) {
        assert.isEmpty(range)
        naive.check(story, task)
        assert.isUndefined(task?.outcome)
      } else if (story.end.sequence <= (states.get(source)?.sequence ?? -1) && range.length > 0) {
        // A server that was given no more knew no more, and let nothing follow it.
        assert.deepStrictEqual(range.map(({ status }) => status), [statusOf(story.end.outcome)])
      } else if (needed.has(story.task) || (isAsked && !naive.forgotten.has(story.task))) {
        assert.deepStrictEqual(task?.outcome, story.end.outcome, `outcome of ${story.task}`)
        assert.strictEqual(task?.epoch, story.epoch)
        assert.isEmpty(range)
      } else if (task?.outcome !== undefined) assert.deepStrictEqual(task.outcome, story.end.outcome)
      else assert.deepStrictEqual(range.map(({ status }) => status), [statusOf(story.end.outcome)])
    }
  }
}

/** What is there after so many turns, opened by a server that died with each generation. */
const recover = (filed: ReadonlyArray<Filed>, cut: number, states: ReadonlyMap<number, StoredState>): Recovered => {
  const contents = new MemoryContents()
  let volume = openMemory(contents, "memory", "0")
  for (const { commit, generation } of filed.slice(0, cut)) {
    // Some servers record nothing.
    while (volume.recovered.generation < generation) volume = openMemory(contents, "memory", String(generation))
    assert.strictEqual(volume.commit(commit), "committed")
  }
  for (const [source, state] of states) contents.states.set(source, state)
  return openMemory(contents, "memory", "last").recovered
}

const seeds = process.env.CADRE_SOAK === "1" ? Array.from({ length: 2_000 }, (_, seed) => seed) : [...Array(40).keys()]

describe("recovery", () => {
  it.each(seeds)("of story %i, cut anywhere, is what the records say", (seed) => {
    const scenario = new Scenario(seed)
    if (scenario.traits.jobs) return
    scenario.run(60)
    const filed = file(scenario.world)
    const naive = new Naive()
    let states = new Map<number, StoredState>()
    for (const [index, turn] of filed.entries()) {
      naive.apply(turn)
      const isLast = filed[index + 1]?.generation !== turn.generation
      if (index % 7 !== seed % 7 && !isLast) continue
      const recovered = recover(filed, index + 1, new Map())
      judge(naive, recovered)
      // From what an earlier one knew, it is the same.
      const shorter = recover(filed, index + 1, states)
      assert.deepStrictEqual(
        shorter.entries.map(({ stored: { source } }) => source),
        recovered.entries.map(({ stored: { source } }) => source)
      )
      judge(naive, shorter, states)
      // Where a server starts, it knows no outcome but those that it was given.
      if (!isLast) continue
      const { sequence } = recovered
      states = new Map(
        recovered.entries.map(({ restored, stored: { source } }) => [source, { source, sequence, restored }] as const)
          .filter(([source]) => seed % 2 !== source % 2)
      )
    }
  })

  it("has what another task needs, though its submitter has fetched it", () => {
    const contents = new MemoryContents()
    const volume = openMemory(contents, "memory", "1")
    const book = new Book()
    const kept = book.accept({ entry: { keep: true, count: 2 } })
    book.accept({ entry: { refs: [0], after: [0] } })
    for (const task of [0, 1]) book.end(task, succeeded(task))
    for (const task of [0, 1]) book.record("Forgotten", task)
    volume.commit(book.take({ ended: [kept.source] }))
    const [entry] = openMemory(contents, "memory", "2").recovered.entries
    assert.deepStrictEqual(entry?.restored.tasks.map(({ index, outcome }) => [index, outcome]), [[0, succeeded(0)]])
    assert.deepStrictEqual(entry?.restored.ended, [{ from: 1, to: 2, status: "succeeded" }])
  })

  it("gives no position to an entry without tasks, and one to a job", () => {
    const contents = new MemoryContents()
    const volume = openMemory(contents, "memory", "1")
    const book = new Book()
    book.accept({ entry: { count: 0 } })
    volume.commit(book.take())
    assert.deepStrictEqual(openMemory(contents, "memory", "2").recovered.past, [{ generation: 1, count: 0 }])
    const next = openMemory(contents, "memory", "3")
    book.accept({ entry: { kind: "producer", count: 0 } })
    next.commit(book.take())
    assert.deepStrictEqual(openMemory(contents, "memory", "4").recovered.past.map(({ count }) => count), [0, 0, 1])
  })

  it("does not count again what a state has counted, though it is read for another entry", () => {
    const contents = new MemoryContents()
    const volume = openMemory(contents, "memory", "1")
    const book = new Book()
    book.accept()
    const { source } = book.accept()
    book.record("Retrying", 1, { by: "e", detail: 5 })
    volume.commit(book.take())
    const tasks = [{ index: 0, epoch: 1, deaths: 0, generation: 1, retries: 1 }]
    const state = { source, sequence: book.sequence, restored: { generation: 1, first: 1, tasks } }
    book.record("Retrying", 1, { by: "e", detail: 5, at: 10 })
    volume.commit(book.take({ states: [state] }))
    const { entries } = openMemory(contents, "memory", "2").recovered
    assert.deepStrictEqual(entries[1]?.restored.tasks.map(({ retries, retryAt }) => [retries, retryAt]), [[2, 15]])
  })

  it("of many tasks that have ended is small", () => {
    const contents = new MemoryContents()
    const volume = openMemory(contents, "memory", "1")
    const book = new Book()
    const { first } = book.accept({ entry: { count: 100_000 }, size: 0 })
    volume.commit(book.take())
    for (let task = 0; task < 99_999; task++) book.end(first + task, task % 50_000 === 7 ? crashed : succeeded(1))
    volume.commit(book.take())
    const [entry] = openMemory(contents, "memory", "2").recovered.entries
    assert.deepStrictEqual(entry?.restored, {
      generation: 1,
      first: 0,
      tasks: [],
      ended: [
        { from: 0, to: 7, status: "succeeded" },
        { from: 7, to: 8, status: "failed" },
        { from: 8, to: 50_007, status: "succeeded" },
        { from: 50_007, to: 50_008, status: "failed" },
        { from: 50_008, to: 99_999, status: "succeeded" }
      ]
    })
  })
})
