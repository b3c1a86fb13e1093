import { assert, describe, it } from "@effect/vitest"
import { entryOf, type Kinship, type MarkedEntry, membersOf, proportional } from "../../src/process/ProcessTable.ts"
import { excess, lookAgainIn, nearness } from "../../src/process/Watching.ts"

const stat = (pid: number, name: string, state: string): string =>
  `${pid} (${name}) ${state} 7 8 9 0 -1 4194304 92 0 0 0 0 0 0 0 20 0 1 0 6034061 3133440 459 18446744073709551615 1 1\n`

describe("a process in the table", () => {
  it("is read, whatever its name is", () => {
    for (const name of ["sleep", "a b", ") R 1 2", "((", "漢"]) {
      assert.deepStrictEqual(entryOf(stat(12, name, "S")), {
        pid: 12,
        parent: 7,
        group: 8,
        session: 9,
        isZombie: false,
        isKernel: false,
        start: 6_034_061,
        resident: 459
      })
    }
    assert.isTrue(entryOf(stat(12, "a", "Z"))?.isZombie)
    assert.isUndefined(entryOf(""))
    assert.isUndefined(entryOf("x"))
  })

  it("takes its share of what it shares", () => {
    assert.strictEqual(proportional("55b-7ff [rollup]\nRss:  900 kB\nPss:  512 kB\nPss_Dirty: 3 kB\n"), 512 * 1_024)
    assert.isUndefined(proportional(""))
  })
})

const entry = (pid: number, change: Partial<MarkedEntry> = {}): MarkedEntry => ({
  pid,
  parent: 1,
  group: pid,
  session: pid,
  isZombie: false,
  isKernel: false,
  start: pid * 10,
  resident: 1,
  marks: [],
  ...change
})

const members = (table: ReadonlyArray<MarkedEntry>, change: Partial<Kinship> = {}): ReadonlyArray<number> =>
  membersOf(table, { pid: 100, mark: "s:1", hasEnded: false, seen: new Map(), grouped: new Set(), ...change }).map((
    { pid }
  ) => pid)

describe("the descendants of a child", () => {
  it("are those of its group and session, those with its mark, and their children", () => {
    const table = [
      entry(104, { parent: 103 }),
      entry(100, { parent: 50 }),
      entry(101, { group: 100 }),
      entry(102, { session: 100 }),
      entry(103, { marks: ["o:1", "s:1"] }),
      entry(105, { marks: ["s:11"] }),
      entry(106, { parent: 50 }),
      entry(50)
    ]
    assert.deepStrictEqual(members(table), [104, 100, 101, 102, 103])
  })

  it("are known again by pid and start", () => {
    assert.deepStrictEqual(members([entry(7), entry(8)], { seen: new Map([[7, 70], [8, 81]]), hasEnded: true }), [7])
  })

  it("are those in its control group", () => {
    assert.deepStrictEqual(members([entry(7), entry(8), entry(9, { parent: 8 })], { grouped: new Set([8]) }), [8, 9])
  })

  it("are not those that have ended, but theirs are", () => {
    assert.deepStrictEqual(members([entry(100, { isZombie: true }), entry(101, { parent: 100 })], { hasEnded: true }), [
      101
    ])
  })

  it("are not those of another process with its pid", () => {
    const table = [entry(100), entry(101, { group: 100, session: 100 }), entry(102, { marks: ["s:1"] })]
    assert.deepStrictEqual(members(table, { hasEnded: true }), [102])
  })
})

describe("watching", () => {
  const nothing = { memory: undefined, processes: undefined }

  it("finds who takes too much", () => {
    const usage = { memory: 101, processes: 5 }
    assert.isUndefined(excess(nothing, usage))
    assert.isUndefined(excess({ memory: 101, processes: 5 }, usage))
    assert.deepStrictEqual(excess({ memory: 100, processes: 5 }, usage), {
      _tag: "MemoryExceeded",
      limit: 100,
      used: 101
    })
    assert.deepStrictEqual(excess({ memory: 200, processes: 4 }, usage), {
      _tag: "ProcessesExceeded",
      limit: 4,
      used: 5
    })
    assert.strictEqual(nearness({ memory: 202, processes: 6 }, usage), 5 / 6)
    assert.strictEqual(nearness(nothing, usage), 0)
  })

  it("looks more often at what is young or near its limit, and never takes much time", () => {
    assert.deepStrictEqual([0, 0.5, 0.9].map((near) => lookAgainIn(near, 60_000, 1)), [200, 100, 50])
    assert.deepStrictEqual([0, 40, 300].map((age) => lookAgainIn(0, age, 1)), [10, 20, 150])
    assert.strictEqual(lookAgainIn(0.9, 60_000, 50), 1_000)
    assert.strictEqual(lookAgainIn(0.9, 10, 50), 200)
  })
})
