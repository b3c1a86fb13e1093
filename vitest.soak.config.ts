import { defineConfig, mergeConfig } from "vitest/config"
import base from "./vitest.config.ts"

export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    test: {
      include: [
        "test/simulation/**/*.test.ts",
        "test/faults/**/*.test.ts",
        "test/layers/threads/Threads.test.ts"
      ],
      env: { CADRE_SOAK: "1" },
      testTimeout: 3_600_000,
      reporters: ["verbose"]
    }
  })
)
