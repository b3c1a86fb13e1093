import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { resolve } from "node:path"
import { Cadre, type Ended, type Running } from "./cli/Cadre.ts"

const file = resolve("test/integration/cli/program.ts")

describe("a program that plain node runs", () => {
  let cadre: Cadre
  const start = (end: string): Running => cadre.spawn(process.execPath, ["--conditions=cadre-source", file, end])
  const run = (end: string): Promise<Ended> => start(end).ended

  beforeAll(async () => {
    cadre = await Cadre.make()
  })
  afterAll(() => cadre.end())

  it("ends with 0, whatever its value is and whatever it left open", async () => {
    const ended = await Promise.all(["value", "open", "services"].map(run))
    assert.deepStrictEqual(ended.map(({ code, err, out }) => [code, out, err]), [[0, "", ""], [0, "", ""], [
      0,
      "true\n",
      ""
    ]])
  })

  it("ends with 1 and tells a failure by its message, a defect by its stack", async () => {
    const [failure, defect] = await Promise.all(["failure", "defect"].map(run))
    assert.deepStrictEqual(failure, { code: 1, out: "", err: "Refused: 3 is refused\n" })
    assert.strictEqual(defect?.code, 1)
    assert.match(defect?.err ?? "", /^Error: on purpose\n +at .*program\.ts:\d+/)
  })

  it("writes out all that it printed, however slow the reader", async () => {
    const { child, ended } = start("large")
    child.stdout?.pause()
    await new Promise((resolve) => setTimeout(resolve, 500))
    child.stdout?.resume()
    const { code, out } = await ended
    assert.deepStrictEqual([code, out.length], [0, 4_000_000])
  })

  it.each([["SIGINT", 130], ["SIGTERM", 143]] as const)(
    "is interrupted by %s, and waits for its finalizers",
    async (signal, expected) => {
      const { child, ended, printed } = start("never")
      await printed("waiting")
      child.kill(signal)
      assert.deepStrictEqual(await ended, { code: expected, out: "waiting\ncleaned up\n", err: "" })
    }
  )

  it("ends at once when it is told twice", async () => {
    const { child, ended, printed } = start("lingering")
    await printed("waiting")
    child.kill("SIGINT")
    await new Promise((resolve) => setTimeout(resolve, 300))
    child.kill("SIGINT")
    assert.deepStrictEqual(await ended, { code: 130, out: "waiting\n", err: "" })
  })

  it("does nothing when it is imported", async () => {
    const { ended } = cadre.spawn(process.execPath, [
      "--conditions=cadre-source",
      `--import=${file}`,
      "-e",
      "0",
      "never"
    ])
    assert.deepStrictEqual(await ended, { code: 0, out: "", err: "" })
  })
})
