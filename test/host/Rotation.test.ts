import { assert, describe, it } from "@effect/vitest"
import { isDue, moves } from "../../src/host/Rotation.ts"

describe("Rotation", () => {
  it("is due when a line does not fit any more, and never for the first", () => {
    const kept = { size: 100, files: 2 }
    assert.isFalse(isDue(60, 40, kept))
    assert.isTrue(isDue(60, 41, kept))
    assert.isFalse(isDue(0, 500, kept))
  })

  it("moves the oldest first, so that each is replaced by a newer one", () => {
    assert.deepStrictEqual(moves("log", { size: 1, files: 3 }), [["log.2", "log.3"], ["log.1", "log.2"]])
    assert.deepStrictEqual(moves("log", { size: 1, files: 1 }), [])
    assert.deepStrictEqual(moves("log", { size: 1, files: 0 }), [])
  })
})
