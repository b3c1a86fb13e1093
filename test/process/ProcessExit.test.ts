import { assert, describe, it } from "@effect/vitest"
import { type Ending, exitCode, exitOf, exitText, isGood, type ProcessExit } from "../../src/process/ProcessExit.ts"

const tooMuch: ProcessExit = { _tag: "MemoryExceeded", limit: 2 ** 20, used: 2 ** 21 }
const ending = (change: Partial<Ending>): Ending => ({
  code: null,
  signal: null,
  sent: new Set(),
  exceeded: undefined,
  ...change
})

describe("how a process ended", () => {
  it.each<[string, Partial<Ending>, ProcessExit]>([
    ["by itself", { code: 3 }, { _tag: "Exited", code: 3 }],
    ["by itself, though it was asked to", { code: 0, sent: new Set(["SIGTERM"]) }, { _tag: "Exited", code: 0 }],
    ["as it was asked to", { signal: "SIGTERM", sent: new Set(["SIGTERM"]) }, {
      _tag: "Signalled",
      signal: "SIGTERM",
      byUs: true
    }],
    ["by somebody else's signal", { signal: "SIGKILL", sent: new Set(["SIGTERM"]) }, {
      _tag: "Signalled",
      signal: "SIGKILL",
      byUs: false
    }],
    ["by a fault of its own while it was asked to end", { signal: "SIGSEGV", sent: new Set(["SIGSEGV", "SIGTERM"]) }, {
      _tag: "Signalled",
      signal: "SIGSEGV",
      byUs: false
    }],
    ["for what it took", { signal: "SIGKILL", exceeded: tooMuch }, tooMuch],
    ["for what a descendant took", { code: 137, exceeded: tooMuch }, tooMuch],
    ["by a fault before it was killed", { signal: "SIGABRT", exceeded: tooMuch }, {
      _tag: "Signalled",
      signal: "SIGABRT",
      byUs: false
    }]
  ])("%s", (_, change, exit) => {
    assert.deepStrictEqual(exitOf(ending(change)), exit)
  })

  it.each<[ProcessExit, string, boolean, number]>([
    [{ _tag: "Exited", code: 0 }, "exited with code 0", true, 0],
    [{ _tag: "Exited", code: 9 }, "exited with code 9", false, 9],
    [{ _tag: "Signalled", signal: "SIGSEGV", byUs: false }, "was killed by SIGSEGV", false, 139],
    [{ _tag: "Signalled", signal: "SIGTERM", byUs: true }, "was ended with SIGTERM", true, 143],
    [
      { _tag: "Signalled", signal: "SIGKILL", byUs: false },
      "was killed by SIGKILL: by somebody else, or by the system as memory ran out",
      false,
      137
    ],
    [tooMuch, "was killed: it took 2 MiB of memory, and 1 MiB is its limit", false, 137],
    [
      { _tag: "ProcessesExceeded", limit: 4, used: 9 },
      "was killed: it had 9 processes, and 4 is its limit",
      false,
      137
    ],
    [{ _tag: "CouldNotStart", reason: "no such thing" }, "could not be started: no such thing", false, 125]
  ])("%o in words, and as a code", (exit, text, good, code) => {
    assert.deepStrictEqual([exitText(exit), isGood(exit), exitCode(exit, { SIGSEGV: 11, SIGTERM: 15, SIGKILL: 9 })], [
      text,
      good,
      code
    ])
  })
})
