import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { Cadre, type Ended } from "./cli/Cadre.ts"

const tasks = "test/integration/cli/tasks.ts"

describe("cadre with a server", () => {
  let cadre: Cadre
  const run = (line: string): Promise<Ended> => cadre.run(line.split(" "))
  const submit = (...words: ReadonlyArray<string>) => cadre.run(["submit", tasks, ...words])
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(cadre.folder, name)
    await writeFile(path, text)
    return path
  }
  const ok = async (ended: Promise<Ended>): Promise<string> => {
    const { code, err, out } = await ended
    assert.strictEqual(code, 0, `${out}${err}`)
    return out
  }
  const data = async (line: string): Promise<Record<string, unknown>> =>
    JSON.parse(await ok(run(`${line} --output json`)))

  beforeAll(async () => {
    cadre = await Cadre.make()
    const { code, err } = await cadre.run(["bundle", tasks])
    assert.strictEqual(code, 0, err)
  }, 60_000)
  afterAll(() => cadre.end())

  it("says what to do where there is none, and starts one for who submits", async () => {
    const [none, dead, wrong] = await Promise.all([
      run("status"),
      run("task list --connect tcp://127.0.0.1:1"),
      run("task list --connect nowhere")
    ])
    assert.deepStrictEqual([none?.code, none?.out, dead?.code, wrong?.code], [3, "", 3, 2])
    assert.match(none?.err ?? "", /no server at unix:.*cadre server start\n$/)
    assert.match(dead?.err ?? "", /no server at tcp:\/\/127\.0\.0\.1:1/)
    assert.match(wrong?.err ?? "", /--connect: "nowhere" is no address: .*unix:\/path/)
    assert.isUndefined(cadre.server)

    assert.deepStrictEqual(await submit("Factor", "--payload", "{\"n\": 84}"), { code: 0, out: "[2,2,3,7]\n", err: "" })
    const status = await data("status")
    assert.deepInclude(status, { pid: cadre.server, queued: 0, running: 0, ended: 1 })
  })

  it("leaves tasks to it, and tells later how they ended, and why", async () => {
    const path = await file("lines.ndjson", "{\"n\":12}\n{\"n\":-1}\n{\"n\":15}\n")
    const id = (await ok(submit("Factor", "--from", path, "--detach", "--name", "night"))).trim()
    assert.match(id, /^night-[0-9a-f]{8}$/)
    const waited = await run(`submission wait ${id}`)
    assert.strictEqual(waited.code, 1, waited.err)
    assert.match(waited.err, /3 tasks after .*: 2 succeeded, 1 failed\n$/)
    const results = await ok(run(`submission show ${id} --results --output ndjson`))
    assert.deepStrictEqual(
      results.trimEnd().split("\n").map((line) =>
        JSON.parse(line) as { readonly index: number; readonly outcome: string }
      )
        .toSorted((one, other) => one.index - other.index).map(({ outcome }) => outcome),
      ["Succeeded", "Failed", "Succeeded"]
    )
    const failed = await ok(run("task list failed --name Factor"))
    assert.match(failed, /^\d+\.\d+\.\d+ +Factor +failed +1 .* night-[0-9a-f]{8}\n$/)
    const [task = ""] = failed.split(" ")
    assert.match(await ok(run(`task explain ${task}`)), /is failed\n {2}because /)
    assert.match(await ok(run(`task show ${task}`)), /Ended +attempt 1/)
    const logged = (await ok(submit("Log", "--detach"))).trim()
    await ok(run(`submission wait ${logged} --output quiet`))
    assert.match(await ok(run(`task logs --submission ${logged}`)), /INFO +said by the task\n$/)
  })

  it("cancels there what is interrupted here, and what it is told to", async () => {
    const running = cadre.start("submit", tasks, "Wait", "--payload", "null")
    for (;;) {
      const { out } = await run("task list --status running --output ndjson")
      if (out !== "") break
    }
    running.child.kill("SIGINT")
    const { code, err } = await running.ended
    assert.strictEqual(code, 130, err)
    assert.match(err, /^Cancelling; Ctrl-C again ends it at once\n/)
    assert.match(await ok(run("task list last")), / Wait +interrupted /)

    const id = (await ok(submit("Wait", "--payload", "null", "--detach"))).trim()
    const cancelled = await run(`submission cancel ${id}`)
    assert.match(cancelled.err, /^1 task cancelled\n$/)
    assert.strictEqual((await run(`submission wait ${id}`)).code, 1)
    const again = await run("task cancel last")
    assert.deepStrictEqual(again, { code: 0, out: "", err: "Nothing was cancelled: all of it had ended\n" })
    const late = await submit("Wait", "--payload", "null", "--timeout", "1s")
    assert.strictEqual(late.code, 4, late.err)
  })

  it("keeps schedules", async () => {
    const cron = ["--cron", "0 3 1 1 *", "--time-zone", "UTC", "--name", "yearly"]
    const made = await ok(submit("Factor", "--payload", "{\"n\": 84}", ...cron))
    assert.match(made, /^yearly +trial@1\.0\.0 Factor +0 3 1 1 \* +UTC +\d{4}-01-01 /)
    assert.match(await ok(run("schedule pause yearly")), / paused /)
    assert.strictEqual(await ok(run("schedule list")).then((text) => text.trimEnd().split("\n").length), 1)
    await ok(run("schedule remove yearly"))
    assert.strictEqual(await ok(run("schedule list")), "")
  })

  it("ends it, or says that it has gone", async () => {
    const running = cadre.start("submit", tasks, "Wait", "--payload", "null")
    for (;;) {
      const { out } = await run("task list --status running --output ndjson")
      if (out !== "") break
    }
    process.kill(cadre.server ?? 0, "SIGKILL")
    const { code, err } = await running.ended
    assert.strictEqual(code, 3, err)
    assert.match(err, /connection to the server is lost/)
  })
})
