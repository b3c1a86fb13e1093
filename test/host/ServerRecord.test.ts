import { assert, describe, it } from "@effect/vitest"
import { earlyEndText, isKilled } from "../../src/host/Launch.ts"
import { parseReadiness, parseRecord, readinessText } from "../../src/host/ServerRecord.ts"

describe("server.json", () => {
  it("is read back with suspicion", () => {
    const record = { pid: 4, version: "1.0.0", addresses: ["unix:/s"], store: "memory", startedAt: 5 }
    assert.deepStrictEqual(parseRecord(JSON.stringify(record)), record)
    for (const text of ["", "{", "null", "{\"pid\":\"4\"}"]) assert.isUndefined(parseRecord(text))
  })
})

describe("readiness", () => {
  it("is one line, whatever it says", () => {
    const failed = { _tag: "Failed", reason: "two\nlines", isRunning: false } as const
    assert.notInclude(readinessText(failed), "\n")
    assert.deepStrictEqual(parseReadiness(readinessText(failed)), failed)
    assert.isUndefined(parseReadiness("Debugger attached."))
  })
})

describe("a server that did not come up", () => {
  it("says how it ended, and what it wrote last in words", () => {
    const text = earlyEndText({
      code: 1,
      signal: null,
      lines: ["an older line", "", "{\"level\":\"ERROR\",\"message\":\"The store is full\"}"],
      log: "/run/server.log"
    })
    assert.strictEqual(
      text,
      "it was started and ended before it was ready (exit code 1): an older line / The store is full. " +
        "Its log is /run/server.log"
    )
  })

  it("says what was thrown, without its stack", () => {
    const lines = [
      "file:///server.js:3",
      "throw new Error(\"no\")",
      "Error: no",
      "    at file:///server.js:3",
      "Node.js v24"
    ]
    assert.include(earlyEndText({ code: 1, signal: null, lines, log: "/log" }), "(exit code 1): Error: no. Its log")
  })

  it("is tried again where somebody has killed it, and not where it ended by itself", () => {
    assert.isTrue(isKilled({ signal: "SIGKILL" }))
    assert.isFalse(isKilled({ signal: null }))
  })
})
