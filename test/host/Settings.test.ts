import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { settings, variablesOf } from "../../src/host/Settings.ts"

const read = (env: Readonly<Record<string, string>>) =>
  Effect.provideService(settings, ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

describe("Settings", () => {
  it.effect("have defaults", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read({}), {
        store: undefined,
        listen: [],
        idle: 600_000,
        lease: 30_000,
        executorIdle: 45_000,
        cores: undefined,
        logSize: 5_000_000,
        logFiles: 3
      })
    }))

  it.effect("are read as people write them", () =>
    Effect.gen(function*() {
      const all = yield* read({
        CADRE_STORE: "memory",
        CADRE_LISTEN: "tcp://localhost:0, tls://0.0.0.0:7000",
        CADRE_IDLE: "never",
        CADRE_LEASE: "1.5 min",
        CADRE_EXECUTOR_IDLE: "2s",
        CADRE_CORES: "4",
        CADRE_LOG_SIZE: "64 KiB",
        CADRE_LOG_FILES: "1"
      })
      assert.deepStrictEqual(all, {
        store: "memory",
        listen: ["tcp://localhost:0", "tls://0.0.0.0:7000"],
        idle: Infinity,
        lease: 90_000,
        executorIdle: 2_000,
        cores: 4,
        logSize: 65_536,
        logFiles: 1
      })
    }))

  it.effect("say which of them cannot be read, and what is expected", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read({ CADRE_IDLE: "soon" }))
      assert.strictEqual(error.what, "CADRE_IDLE")
      assert.include(error.message, "\"30s\", \"10 min\" or \"never\"")
      assert.include(error.message, "soon")
      assert.strictEqual((yield* Effect.flip(read({ CADRE_CORES: "0" }))).what, "CADRE_CORES")
      assert.strictEqual((yield* Effect.flip(read({ CADRE_LOG_SIZE: "big" }))).what, "CADRE_LOG_SIZE")
    }))

  it.effect("are handed on as variables", () =>
    Effect.gen(function*() {
      const variables = variablesOf({ idle: "10m", store: "memory" })
      assert.deepStrictEqual(variables, { CADRE_STORE: "memory", CADRE_IDLE: "10m" })
      const { idle, store } = yield* read(variables)
      assert.deepStrictEqual([idle, store], [600_000, "memory"])
    }))
})
