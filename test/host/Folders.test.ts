import { assert, describe, it } from "@effect/vitest"
import {
  dataFolder,
  relativeOf,
  runtimeFiles,
  runtimeFolder,
  socketProblem,
  type Surroundings
} from "../../src/host/Folders.ts"

const nothing: Surroundings = {
  runtimeDir: undefined,
  dataDir: undefined,
  xdgRuntimeDir: undefined,
  xdgDataHome: undefined,
  home: "/home/ada",
  tmp: "/tmp",
  user: "1000",
  platform: "linux"
}

describe("the runtime folder", () => {
  it("is what CADRE_RUNTIME_DIR says, before all else", () => {
    assert.strictEqual(
      runtimeFolder({ ...nothing, runtimeDir: "/srv/cadre/", xdgRuntimeDir: "/run/user/1000" }),
      "/srv/cadre"
    )
  })

  it("is in the user's own, where the system has one", () => {
    assert.strictEqual(runtimeFolder({ ...nothing, xdgRuntimeDir: "/run/user/1000" }), "/run/user/1000/cadre")
  })

  it("is else among temporary files, one for each user", () => {
    assert.strictEqual(runtimeFolder(nothing), "/tmp/cadre-1000")
    assert.strictEqual(runtimeFolder({ ...nothing, xdgRuntimeDir: "run" }), "/tmp/cadre-1000")
  })

  it("must be short enough for a socket", () => {
    assert.isUndefined(socketProblem(runtimeFiles("/tmp/cadre-1000").socket))
    assert.include(socketProblem(runtimeFiles(`/${"a".repeat(91)}`).socket), "104 bytes, and 103 is the most")
    assert.isUndefined(socketProblem(runtimeFiles(`/${"a".repeat(90)}`).socket))
  })
})

describe("the data folder", () => {
  it("is what CADRE_DATA_DIR says, else the user's", () => {
    assert.strictEqual(dataFolder({ ...nothing, dataDir: "/data", xdgDataHome: "/x" }), "/data")
    assert.strictEqual(dataFolder({ ...nothing, xdgDataHome: "/x" }), "/x/cadre")
    assert.strictEqual(dataFolder(nothing), "/home/ada/.local/share/cadre")
    assert.strictEqual(dataFolder({ ...nothing, platform: "darwin" }), "/home/ada/Library/Application Support/cadre")
    assert.isUndefined(dataFolder({ ...nothing, home: undefined }))
  })

  it("is never a relative one: that is refused by name", () => {
    assert.deepStrictEqual(relativeOf({ ...nothing, dataDir: "data", runtimeDir: "./run" }), [
      "CADRE_RUNTIME_DIR",
      "CADRE_DATA_DIR"
    ])
    assert.deepStrictEqual(relativeOf({ ...nothing, dataDir: "/data" }), [])
  })
})
