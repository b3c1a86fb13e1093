import { assert, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { promisify } from "node:util"

it("the example of worker threads runs under plain node", async () => {
  const words = ["--conditions=cadre-source", "examples/threads/main.ts"]
  const { stderr, stdout } = await promisify(execFile)(process.execPath, words)
  assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
    "84 2 * 2 * 3 * 7",
    "1000003 1000003",
    "999999000001 999999000001",
    "1000000 pixels moved there and back; here are 0"
  ])
  assert.match(stderr, /^thread-1 ran \d+ tasks in \d+ ms\nthread-2 ran \d+ tasks in \d+ ms\n$/)
})
