import { assert, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { promisify } from "node:util"

it("the smallest program runs under plain node", async () => {
  const words = ["--conditions=cadre-source", "examples/hello.ts"]
  const { stdout } = await promisify(execFile)(process.execPath, words)
  assert.strictEqual(stdout, "Hello\n")
})
