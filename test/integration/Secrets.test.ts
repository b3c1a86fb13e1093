import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { connect as connectTls } from "node:tls"
import * as KeyRing from "../../layers/security/KeyRing.ts"
import { Cadre } from "./cli/Cadre.ts"

const tasks = "test/integration/secrets/tasks.ts"
const payloadSecret = "correct-horse-battery-staple"
const environmentSecret = "env-hunter2-hunter2"
const wrongToken = "a-token-that-is-wrong-but-still-nobodys-business"

/** All files below a folder. */
const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)

/** The words of a process, as every user of the machine can see them. */
const wordsOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
}

describe("secrets", () => {
  let cadre: Cadre
  beforeAll(async () => {
    cadre = await Cadre.make()
  })
  afterAll(() => cadre.end())

  it("are in no output, no log, no store and no argument", async () => {
    let said = ""
    const run = async (...words: ReadonlyArray<string>) => {
      const { child, ended } = cadre.spawn(process.execPath, cadre.words(words), { VAULT_PASSWORD: environmentSecret })
      child.stdin?.end()
      const { code, err, out } = await ended
      said += out + err
      return { code, out, err }
    }
    const keys = join(cadre.folder, "config", "cadre", "keys")
    const roles = ["submitter", "executor", "operator"] as const
    await Effect.runPromise(Effect.gen(function*() {
      yield* KeyRing.makeAuthority(keys, { name: "cadre", days: 2 })
      yield* KeyRing.makeServer(keys, ["127.0.0.1"], { days: 1, renew: false })
      for (const role of roles) yield* KeyRing.makeToken(keys, role, "none")
    }))
    assert.strictEqual((await run("key", "token", "--role", "executor", "--rotate")).code, 0, said)
    const tokens = roles.flatMap((role) =>
      readFileSync(join(keys, `${role}.token`), "utf8").trim().split("\n").map((token) => token.slice(-43))
    )
    const key = readFileSync(join(keys, "server.key"), "utf8").split("\n")[1] ?? assert.fail()
    const secrets = [...tokens, key, payloadSecret, environmentSecret, wrongToken]

    const started = await run("server", "start", "--listen", "tls://127.0.0.1:0", "--idle", "never")
    assert.strictEqual(started.code, 0, said)
    const address = /tls:\/\/127\.0\.0\.1:\d+/.exec(started.out)?.[0] ?? assert.fail(said)
    const port = Number(address.split(":").at(-1))

    // Somebody is not let in, and says what should not be repeated.
    await new Promise<void>((resolve) => {
      const socket = connectTls({ host: "127.0.0.1", port, ca: readFileSync(join(keys, "ca.crt")) })
      const greeting = { cadre: 1, encoding: "ndjson", roles: ["operator"], token: wrongToken }
      socket.on("error", () => undefined).on("close", () => resolve()).on("data", () => undefined)
      socket.write(`${JSON.stringify(greeting)}\n`)
    })

    const executor = cadre.start("executor", "start", "--library", tasks, "--connect", address)
    const submit = ["submit", tasks, "Open", "--from", "-", "--results", "--when-unmet", "wait", "--no-bundle"]
    const submitter = cadre.start(...submit, "--connect", address)
    const lines = ["open", "fail", "crash"].map((how) => `${JSON.stringify({ password: payloadSecret, how })}\n`)
    submitter.child.stdin?.end(lines.join(""))
    const results = await submitter.ended
    said += results.out + results.err
    assert.include(results.out, String(payloadSecret.length), said)
    const pids = [cadre.server, executor.child.pid].filter((pid) => pid !== undefined)
    const words = pids.map(wordsOf).join("\n")
    await Promise.all(
      [["list", "--output", "json"], ["show", "last"]].map((what) => run("task", ...what, "--connect", address))
    )
    executor.child.kill("SIGTERM")
    const { err, out } = await executor.ended
    said += out + err
    // It did what it should, and said so.
    assert.include(said, "<redacted")
    const log = readFileSync(join(cadre.folder, "run", "server.log"), "utf8")
    assert.include(log, "was not let in: its token or certificate does not grant")
    const kept = filesIn(join(cadre.folder, "run")).concat(filesIn(join(cadre.folder, "data")))
    assert.isTrue(kept.some((path) => path.endsWith("tasks.db")), kept.join(" "))
    for (const secret of secrets) {
      assert.notInclude(said, secret)
      assert.notInclude(words, secret)
      for (const path of kept) assert.isFalse(readFileSync(path).includes(secret), `${path} has ${secret}`)
    }
  })
})
