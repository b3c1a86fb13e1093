import { assert, describe, it } from "@effect/vitest"
import { filesOf, isOurs, killsOf, type OwnGroup, pathOf } from "../../src/process/ControlGroup.ts"

const delegated: OwnGroup = {
  folder: "/g",
  isWritable: true,
  isTop: false,
  hasType: true,
  isRoot: false,
  pid: 7,
  processes: [7]
}

describe("a control group", () => {
  it.each<[string, Partial<OwnGroup>, boolean]>([
    ["that was delegated to a user", {}, true],
    ["that cannot be written to", { isWritable: false }, false],
    ["that others are in", { processes: [6, 7] }, false],
    ["of root's container", { isRoot: true, isTop: true }, true],
    ["that root could write to", { isRoot: true }, false],
    ["of the whole machine", { isRoot: true, isTop: true, hasType: false }, false]
  ])("%s", (_, change, ours) => {
    assert.strictEqual(isOurs({ ...delegated, ...change }), ours)
  })

  it("is found among those of version 1", () => {
    assert.strictEqual(pathOf("4:memory:/a\n0::/user.slice/b c\n"), "/user.slice/b c")
    assert.isUndefined(pathOf("4:memory:/a\n1:name=systemd:/\n"))
  })

  it("is limited as far as it has controllers", () => {
    const limits = { memory: 1_000.5, cpu: 1.5, openFiles: 9, processes: 4 }
    assert.deepStrictEqual(filesOf(limits, new Set(["memory", "cpu", "pids"])), [
      ["memory.max", "1001"],
      ["memory.swap.max", "0"],
      ["memory.oom.group", "1"],
      ["cpu.max", "150000 100000"],
      ["pids.max", "64"]
    ])
    assert.deepStrictEqual(filesOf(limits, new Set()), [])
    assert.deepStrictEqual(filesOf({ ...limits, cpu: 0.000_1 }, new Set(["cpu"])), [["cpu.max", "1000 100000"]])
  })

  it("tells of those that were killed for its memory", () => {
    assert.strictEqual(killsOf("low 0\noom 3\noom_kill 2\noom_group_kill 1\n"), 2)
    assert.strictEqual(killsOf(""), 0)
  })
})
