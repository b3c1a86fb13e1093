import { assert, describe, it } from "@effect/vitest"
import { type ChildSpec, faultOf, planOf } from "../../src/process/ChildSpec.ts"
import { environmentOf, marker, marksOf, type Variables } from "../../src/process/Environment.ts"
import { candidates, commandLine, reasonOf } from "../../src/process/Launch.ts"

describe("a child that is planned", () => {
  it("has everything that was left out", () => {
    assert.deepStrictEqual(planOf({ command: "a" }), {
      command: "a",
      args: [],
      cwd: undefined,
      env: {},
      inherit: "most",
      stdin: "none",
      limits: { memory: undefined, cpu: undefined, openFiles: undefined, processes: undefined },
      grace: 5_000,
      keepRunning: {
        when: "never",
        backoff: 100,
        factor: 2,
        backoffMost: 30_000,
        wellAfter: 10_000,
        restarts: 10,
        window: 60_000
      },
      output: { beginning: 65_536, lastLines: 20 },
      tags: {}
    })
    assert.strictEqual(planOf({ command: "a", limits: { memory: "2 MiB" } }).limits.memory, 2 * 1_024 ** 2)
  })

  it.each<[string, Partial<ChildSpec>, RegExp | undefined]>([
    ["nothing", {}, undefined],
    ["no command", { command: "" }, /no command/],
    ["a NUL in an argument", { args: ["a\0b"] }, /NUL/],
    ["a NUL in a variable", { env: { A: "\0" } }, /NUL/],
    ["a name with a =", { env: { "A=B": "1" } }, /"A=B" is no name/],
    ["half a file", { limits: { openFiles: 1.5 } }, /1\.5 is no number of open files/],
    ["no process", { limits: { processes: 0 } }, /0 is no number of processes/],
    ["no memory", { limits: { memory: 0 } }, /0 is no amount of memory/],
    ["no cores", { limits: { cpu: Number.NaN } }, /NaN is no number of cores/]
  ])("with %s", (_, change, fault) => {
    const found = faultOf(planOf({ command: "a", ...change }))
    if (fault === undefined) assert.isUndefined(found)
    else assert.match(found ?? "", fault)
  })
})

describe("the variables of a child", () => {
  const outer = {
    PATH: "/bin",
    HOME: "/home/a",
    A: "1",
    NODE_OPTIONS: "--import=x",
    LD_PRELOAD: "x.so",
    PYTHONPATH: "/x"
  }
  const given = (spec: Partial<ChildSpec>, from: Variables = outer) => {
    const { [marker]: mark, ...others } = environmentOf(planOf({ command: "a", ...spec }), from, "s:1")
    assert.isDefined(mark)
    return others
  }

  it("are those around it, without those that load code", () => {
    assert.deepStrictEqual(given({}), { PATH: "/bin", HOME: "/home/a", A: "1" })
    assert.deepStrictEqual(given({ inherit: "clean" }), { PATH: "/bin", HOME: "/home/a" })
    assert.deepStrictEqual(given({ inherit: "everything" }), outer)
    assert.notProperty(given({}, { "BASH_FUNC_ls%%": "() { evil; }" }), "BASH_FUNC_ls%%")
  })

  it("are what was asked for", () => {
    assert.deepStrictEqual(given({ env: { NODE_OPTIONS: "--x", A: undefined, B: "2" } }), {
      PATH: "/bin",
      HOME: "/home/a",
      NODE_OPTIONS: "--x",
      B: "2"
    })
  })

  it("always have a PATH", () => {
    assert.deepStrictEqual(given({ inherit: "clean" }, {}), { PATH: "/usr/local/bin:/usr/bin:/bin" })
  })

  it("have the mark, after those around it, and it is found again", () => {
    const first = environmentOf(planOf({ command: "a" }), {}, "s:1")
    const second = environmentOf(planOf({ command: "a" }), first, "t:2")
    const environ = (variables: object) =>
      Object.entries(variables).map(([name, value]) => `${name}=${value}\0`).join("")
    assert.deepStrictEqual(marksOf(environ(first)), ["s:1"])
    assert.deepStrictEqual(marksOf(environ({ ...second, Z: "1" })), ["s:1", "t:2"])
    assert.deepStrictEqual(marksOf(environ({ [marker]: "u:3" })), ["u:3"])
    assert.deepStrictEqual(marksOf(environ({ [`NOT_${marker}`]: "u:3", A: `${marker}=u:3` })), [])
    assert.deepStrictEqual(marksOf(""), [])
  })
})

describe("the command of a child", () => {
  const none: ReadonlyArray<string> = []
  const plan = (limits: ChildSpec["limits"] = {}) => planOf({ command: "a", args: ["$x", "y z"], limits })

  it("is its own where nothing is limited", () => {
    assert.deepStrictEqual(commandLine(plan({ cpu: 1 }), "/bin/a", none, 0), { command: "/bin/a", args: ["$x", "y z"] })
  })

  it("is a shell that limits itself and becomes it", () => {
    const { args, command } = commandLine(plan({ openFiles: 10, processes: 2, memory: 1 }), "/bin/a", none, 100)
    assert.strictEqual(command, "/bin/sh")
    const [option, script, ...words] = args
    assert.deepStrictEqual([option, words], ["-c", ["sh", "/bin/a", "$x", "y z"]])
    assert.match(script ?? "", /oom_score_adj[^]*ulimit -n 10[^]*ulimit -u 132[^]*exec "\$@"$/)
  })

  it("joins its groups first", () => {
    const { args } = commandLine(plan(), "/bin/a", ["/g/1", "/g/2"], 0)
    assert.match(args[1] ?? "", /\$\$ >"\$1"[^]*\$\$ >"\$2"[^]*shift 2\nexec/)
    assert.deepStrictEqual(args.slice(2), ["sh", "/g/1", "/g/2", "/bin/a", "$x", "y z"])
  })

  it("is looked for on the PATH, unless it is a path", () => {
    assert.deepStrictEqual(candidates("a", "/b::/c"), ["/b/a", "./a", "/c/a"])
    assert.deepStrictEqual(candidates("./a", "/b"), ["./a"])
  })

  it.each([["ENOENT", /no command "a"/], ["EACCES", /not executable/], ["E2BIG", /too long/], ["EAGAIN", /ulimit -u/], [
    undefined,
    /^as it said$/
  ]])("that is refused with %s is explained", (code, text) => {
    assert.match(reasonOf(code, { command: "a", cwd: undefined }, "as it said"), text)
  })
})
