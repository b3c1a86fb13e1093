import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { command, type Commanded } from "../cli/Commanding.ts"
import { Cadre, type Running } from "./cli/Cadre.ts"

const tasks = "test/integration/cli/tasks.ts"

describe("cadre with a server", () => {
  let cadre: Cadre
  const submit = (...words: ReadonlyArray<string>) => cadre.run(["submit", tasks, ...words])
  /** A command in this process, which takes a second less than one of its own. */
  const run = (line: string): Promise<Commanded> => Effect.runPromise(command(line, { variables: cadre.variables }))
  const ok = async (ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>) => {
    const { code, err, out } = await ended
    assert.strictEqual(code, 0, `${out}${err}`)
    return out
  }
  /** A task that never ends by itself, once it runs. */
  const waiting = async (): Promise<Running> => {
    const running = cadre.start("submit", tasks, "Wait", "--payload", "null")
    while (await ok(run("task list --status running --name Wait --output ndjson")) === "") {
      assert.isNull(running.child.exitCode)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return running
  }

  beforeAll(async () => {
    cadre = await Cadre.make()
  })
  afterAll(() => cadre.end())

  it("says what to do where there is none, and starts one for who submits", async () => {
    const none = await run("status")
    assert.deepStrictEqual([none.code, none.out], [3, ""])
    assert.match(none.err, /no server at unix:.*cadre server start\n$/)
    const dead = await run("task list --connect tcp://127.0.0.1:1")
    assert.strictEqual(dead.code, 3)
    assert.match(dead.err, /no server at tcp:\/\/127\.0\.0\.1:1/)
    const wrong = await run("task list --connect nowhere")
    assert.strictEqual(wrong.code, 2)
    assert.match(wrong.err, /--connect: "nowhere" is no address: .*unix:\/path/)
    assert.isUndefined(cadre.server)

    assert.deepStrictEqual(await submit("Factor", "--payload", "{\"n\": 84}"), { code: 0, out: "[2,2,3,7]\n", err: "" })
    const status: unknown = JSON.parse(await ok(run("status --output json")))
    assert.deepInclude(status, { pid: cadre.server, queued: 0, running: 0, ended: 1 })
  })

  it("leaves tasks to it, and tells later how they ended, and why", async () => {
    const path = join(cadre.folder, "lines.ndjson")
    await writeFile(path, "{\"n\":12}\n{\"n\":-1}\n{\"n\":15}\n")
    const id = (await ok(submit("Factor", "--from", path, "--detach", "--name", "night"))).trim()
    assert.match(id, /^night-[0-9a-f]{8}$/)
    const waited = await run(`submission wait ${id}`)
    assert.strictEqual(waited.code, 1, waited.err)
    assert.match(waited.err, /3 tasks after .*: 2 succeeded, 1 failed\n$/)
    const results = (await ok(run(`submission show ${id} --results --output ndjson`))).trimEnd().split("\n")
    assert.deepStrictEqual(
      results.map((line) => JSON.parse(line) as { readonly index: number; readonly outcome: string })
        .toSorted((one, other) => one.index - other.index).map(({ outcome }) => outcome),
      ["Succeeded", "Failed", "Succeeded"]
    )
    const legible = await ok(run(`submission show ${id} --results --module ${tasks}`))
    assert.match(legible, /Succeeded +\[2,2,3\]\n/)
    assert.match(legible, /Failed +with an error of its own: \{"_tag":"NotPositive","n":-1\}\n/)
    const failed = await ok(run("task list failed --name Factor"))
    assert.match(failed, /^\d+\.\d+\.\d+ +Factor +failed +1 .* night-[0-9a-f]{8}\n$/)
    const [task = ""] = failed.split(" ")
    assert.match(await ok(run(`task explain ${task}`)), /is failed\n {2}because /)
    assert.match(await ok(run(`task show ${task}`)), /Ended +attempt 1/)
    await ok(submit("Log", "--no-follow"))
    assert.match(await ok(run("task logs last")), /INFO +said by the task\n$/)
  })

  it("cancels there what is interrupted here, and what it is told to", async () => {
    const interrupted = await waiting()
    interrupted.child.kill("SIGINT")
    const { code, err } = await interrupted.ended
    assert.strictEqual(code, 130, err)
    assert.match(err, /^Cancelling; Ctrl-C again ends it at once\n/)
    assert.match(await ok(run("task list last")), / Wait +interrupted /)

    const cancelled = await waiting()
    const { err: told, out } = await run("task cancel last")
    assert.match(told, /^1 task cancelled\n$/)
    assert.match(out, /^\d+\.\d+\.\d+\n$/)
    const ended = await cancelled.ended
    assert.strictEqual(ended.code, 1)
    assert.match(ended.err, /\nInterrupted: .* by \S+@/)
    const again = await run("task cancel last")
    assert.deepStrictEqual(again, { code: 0, out: "", err: "Nothing was cancelled: all of it had ended\n" })
  })

  it("keeps schedules", async () => {
    const cron = ["--cron", "0 3 1 1 *", "--time-zone", "UTC", "--name", "yearly"]
    const made = await ok(submit("Factor", "--payload", "{\"n\": 84}", ...cron))
    assert.match(made, /^yearly +trial@1\.0\.0 Factor +0 3 1 1 \* +UTC +\d{4}-01-01 /)
    assert.match(await ok(run("schedule pause yearly")), / paused /)
    assert.strictEqual((await ok(run("schedule list"))).trimEnd().split("\n").length, 1)
    await ok(run("schedule remove yearly"))
    assert.strictEqual(await ok(run("schedule list")), "")
  })

  it("says that it has gone", async () => {
    const running = await waiting()
    process.kill(cadre.server ?? 0, "SIGKILL")
    const { code, err } = await running.ended
    assert.strictEqual(code, 3, err)
    assert.match(err, /connection to the server is lost/)
  })
})
