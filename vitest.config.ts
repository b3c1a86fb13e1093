import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^cadre$/, replacement: source("src/main/index.ts") },
      { find: /^cadre\/standard$/, replacement: source("src/main/standard.ts") },
      { find: /^cadre\/testing$/, replacement: source("src/main/testing.ts") }
    ]
  },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Threads that a test starts inherit it, and so find `cadre` as the tests do.
    execArgv: ["--conditions=cadre-source"],
    // No module keeps state, so files may share a process: importing `effect` once a file would more than double the time.
    isolate: false,
    maxWorkers: "100%",
    // Many times what any test takes: a loaded machine is slow, not wrong.
    testTimeout: 60_000,
    hookTimeout: 20_000
  }
})
