import { assert, describe, it } from "@effect/vitest"
import { diagnose, type Facts, isRecentNode } from "../../src/cli/Diagnosis.ts"

const healthy: Facts = {
  node: "v24.21.0",
  platform: "linux",
  cores: { machine: 8, usable: 8, granted: undefined },
  memory: { machine: 16 * 1_024 ** 3, free: 8 * 1_024 ** 3, granted: undefined },
  threads: undefined,
  threadMemory: undefined,
  cgroup: { version: 2, path: "/sys/fs/cgroup/user", controllers: ["cpu", "memory", "pids"], isWritable: true },
  children: {
    memory: "kernel",
    cpu: "kernel",
    openFiles: "kernel",
    processes: "watched",
    descendants: "kernel",
    orphans: true
  },
  limits: { files: 65_536, processes: Infinity },
  cache: { folder: "/home/a/.cache/cadre", trial: undefined },
  runtime: { folder: "/run/user/1000", isNamed: true, trial: undefined },
  socket: { path: "/run/user/1000/cadre/server.sock", trial: undefined },
  loopback: undefined,
  terminal: { isInput: true, isOutput: true, colors: 256 },
  effects: [{ folder: "/p/node_modules/effect", version: "4.1.0" }],
  wantedEffect: "4.1.0",
  bundler: undefined
}

const rowOf = (check: string, change: Partial<Facts>) => {
  const row = diagnose({ ...healthy, ...change }).find((row) => row.check === check)
  assert.isDefined(row)
  return row
}

describe("a diagnosis", () => {
  it("is all well on a healthy machine, and has no mends", () => {
    for (const { check, mend, status } of diagnose(healthy)) {
      assert.deepStrictEqual([check, status, mend], [check, "ok", undefined])
    }
  })

  it.each<[string, "warn" | "fail", Partial<Facts>, RegExp]>([
    ["node", "fail", { node: "v20.20.2" }, /22\.19/],
    ["platform", "warn", { platform: "win32" }, /Linux/],
    ["cores", "warn", { cores: { machine: 8, usable: 8, granted: 1.5 } }, /--threads 1$/],
    ["memory", "warn", { memory: { machine: 1e9, free: 1e8, granted: 5e8 } }, /limit/],
    ["worker threads", "fail", { threads: "no" }, /--in-process/],
    ["thread memory", "warn", { threadMemory: "it went on" }, /payloads/],
    ["control groups", "warn", { cgroup: { ...healthy.cgroup, isWritable: false } }, /Delegate=yes/],
    ["control groups", "warn", { cgroup: { ...healthy.cgroup, controllers: ["cpu"] } }, /Delegate=yes/],
    ["control groups", "warn", { cgroup: { ...healthy.cgroup, version: undefined } }, /Mount/],
    ["processes' limits", "warn", { children: { ...healthy.children, cpu: "none" } }, /Delegate=yes/],
    ["processes' limits", "warn", { children: { ...healthy.children, descendants: "searched" } }, /Delegate=yes/],
    ["open files", "warn", { limits: { files: 256, processes: Infinity } }, /ulimit -n 4096/],
    ["cache folder", "warn", { cache: { folder: "/x", trial: "EROFS" } }, /XDG_CACHE_HOME/],
    ["runtime folder", "warn", { runtime: { folder: "/x", isNamed: true, trial: "mode 755" } }, /XDG_RUNTIME_DIR/],
    ["unix sockets", "fail", { socket: { path: `/${"x".repeat(120)}`, trial: undefined } }, /shorter/],
    ["loopback", "fail", { loopback: "EADDRNOTAVAIL" }, /lo up/],
    ["effect", "fail", { effects: [...healthy.effects, { folder: "/b", version: "4.0.0" }] }, /npm dedupe/],
    ["effect", "warn", { effects: [{ folder: "/b", version: "4.0.0" }] }, /effect@4\.1\.0/],
    ["effect", "warn", { effects: [] }, /npm install/],
    ["bundler", "warn", { bundler: "not found" }, /--no-bundle/]
  ])("of %s is %s, with the mend", (check, status, change, mend) => {
    const row = rowOf(check, change)
    assert.strictEqual(row.status, status)
    assert.match(row.mend ?? "", mend)
  })

  it("says what a control group leaves of the machine", () => {
    assert.strictEqual(
      rowOf("cores", { cores: { machine: 8, usable: 2, granted: undefined } }).found,
      "2 of the machine's 8"
    )
    assert.match(
      rowOf("memory", { memory: { machine: 16e9, free: 1e9, granted: 4e9 } }).found,
      /^3\.7 GiB of the machine's/
    )
  })

  it("says what holds of the limits of processes", () => {
    assert.strictEqual(
      rowOf("processes' limits", {}).found,
      "memory enforced, cores enforced, files enforced, processes watched"
    )
    const found = rowOf("processes' limits", {
      children: { ...healthy.children, memory: "watched", cpu: "none", descendants: "searched", orphans: false }
    }).found
    assert.match(found, /^memory watched, cores not enforced/)
    assert.match(found, /hide may stay, they stay when Cadre is killed$/)
  })

  it("knows which Node is recent", () => {
    assert.deepStrictEqual(["v22.18.9", "v22.19.0", "v23.0.0", "v20.1.0"].map(isRecentNode), [false, true, true, false])
  })
})
