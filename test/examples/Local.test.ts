import { assert, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

it("the example of a server starts one, and runs again with the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cadre-example-"))
  const env = { ...process.env, CADRE_RUNTIME_DIR: join(folder, "run"), CADRE_DATA_DIR: join(folder, "data") }
  const cadre = (...words: ReadonlyArray<string>) =>
    run(process.execPath, ["--conditions=cadre-source", "bin/cadre.js", ...words], { env })
  try {
    for (let time = 0; time < 2; time++) {
      const { stdout } = await run(process.execPath, ["--conditions=cadre-source", "examples/local/main.ts"], { env })
      assert.strictEqual(stdout, "84 2 * 2 * 3 * 7\n1000003 1000003\n999999000001 999999000001\n")
    }
    // JSON of our own.
    const status = JSON.parse((await cadre("status", "--output", "json")).stdout) as { readonly ended: number }
    assert.strictEqual(status.ended, 6)
  } finally {
    await cadre("server", "stop", "--now")
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
