import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Duration, Exit, Option, Schema } from "effect"
import { endingOf, failureText, isImpatient } from "../../src/cli/Ending.ts"
import { commandEnding, CommandFailed } from "../../src/cli/ExitCode.ts"
import { progressBar, progressText } from "../../src/cli/Progress.ts"
import { bytesText, countText, durationText, plural, rateText, readDuration } from "../../src/cli/Quantity.ts"
import { plain, table } from "../../src/cli/Table.ts"

class Refused extends Data.TaggedError("Refused")<{ readonly n: number }> {}
class Told extends Data.TaggedError("Told")<{ readonly message: string }> {}

const millis = (text: string) => Option.getOrUndefined(Option.map(readDuration(text), Duration.toMillis))

describe("quantities", () => {
  it("are read as people write them", () => {
    assert.strictEqual(millis("500ms"), 500)
    assert.strictEqual(millis("1.5 min"), 90_000)
    assert.strictEqual(millis("1h 30m"), 5_400_000)
    assert.strictEqual(millis("2 Hours"), 7_200_000)
    for (const bad of ["", "5", "5 x", "s", "5s!", "-5s", "1e3s"]) assert.isUndefined(millis(bad), bad)
  })

  it("are written as people read them", () => {
    assert.deepStrictEqual([0, 230, 999.6, 3_200, 59_970, 125_000, 3_600_000, 3_780_000].map(durationText), [
      "0 ms",
      "230 ms",
      "1 s",
      "3.2 s",
      "1 min",
      "2 min 5 s",
      "1 h",
      "1 h 3 min"
    ])
    assert.deepStrictEqual([0, 999, 1_000, 1_234_567].map(countText), ["0", "999", "1,000", "1,234,567"])
    assert.deepStrictEqual([0, 512, 1_024, 1_610_612_736, 200 * 1_024 ** 2].map(bytesText), [
      "0 B",
      "512 B",
      "1 KiB",
      "1.5 GiB",
      "200 MiB"
    ])
    assert.strictEqual(rateText(10, 3_000), "3.3/s")
    assert.strictEqual(rateText(10, 0), "0/s")
    assert.strictEqual(plural(1, "task"), "1 task")
  })

  it.prop("a duration that was written is read again, as near as it was written", [
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 86_400_000 }))
  ], ([wanted]) => {
    assert.isAtMost(Math.abs((millis(durationText(wanted)) ?? NaN) - wanted), Math.max(50, wanted / 60))
  })
})

describe("progress", () => {
  const progress = { submitted: 60, succeeded: 45, failed: 5, total: 100 }

  it("says what is done, running, failed, how fast and for how long yet", () => {
    assert.strictEqual(progressText(progress, 1_000), "50 of 100 done, 10 running, 5 failed, 50/s, 1 s left")
    assert.strictEqual(progressText({ ...progress, total: undefined }, 1_000), "50 done, 10 running, 5 failed, 50/s")
    assert.strictEqual(
      progressText({ submitted: 0, succeeded: 0, failed: 0, total: 0 }, 0),
      "0 of 0 done, 0 running, 0/s"
    )
  })

  it.prop("fits in the terminal, whatever its width", [
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))
  ], ([columns]) => {
    assert.isBelow(progressBar(progress, 1_000, columns).length, Math.max(columns, 1) + 1)
  })

  it("draws a bar where there is room", () => {
    assert.match(progressBar(progress, 1_000, 80), /^\[#+-+\] 50 of 100/)
    assert.notInclude(progressBar(progress, 1_000, 30), "[")
  })
})

describe("tables", () => {
  it("line up, wide characters too", () => {
    assert.strictEqual(table([["a", "b"], ["日本", "c"]]), "a     b\n日本  c")
  })

  it("let no data drive the terminal", () => {
    assert.strictEqual(plain("a\u001b[31mb\u0007"), "a\\x1b[31mb\\x07")
  })
})

describe("the end of a program", () => {
  it("is told by tag and message, never by a stack", () => {
    assert.strictEqual(failureText(new Told({ message: "no" })), "Told: no")
    assert.strictEqual(failureText(new Refused({ n: 1 })), "Refused: {\"n\":1}")
    assert.strictEqual(failureText(new TypeError("bad")), "TypeError: bad")
    assert.strictEqual(failureText("words"), "words")
    assert.strictEqual(failureText(undefined), "Failed with undefined")
    assert.strictEqual(failureText({}), "Failed with [object Object]")
    const circle: Record<string, unknown> = { _tag: "Circle" }
    circle["self"] = circle
    assert.strictEqual(failureText(circle), "Circle")
  })

  it("has an exit code: 0, 1, or that of the signal", () => {
    assert.deepStrictEqual(endingOf(Exit.succeed(7), undefined), { code: 0, text: undefined })
    assert.deepStrictEqual(endingOf(Exit.succeed(7), "SIGTERM"), { code: 0, text: undefined })
    assert.deepStrictEqual(endingOf(Exit.fail("no"), "SIGINT"), { code: 1, text: "no" })
    assert.deepStrictEqual(endingOf(Exit.interrupt(), "SIGINT"), { code: 130, text: undefined })
    assert.deepStrictEqual(endingOf(Exit.interrupt(), "SIGTERM"), { code: 143, text: undefined })
    assert.strictEqual(endingOf(Exit.interrupt(), undefined).code, 130)
    assert.match(endingOf(Exit.die(new Error("boom")), undefined).text ?? "", /Error: boom\n +at /)
  })

  it("is at once for a second signal, unless it is the echo of the first", () => {
    assert.isFalse(isImpatient(20))
    assert.isTrue(isImpatient(300))
  })

  it("of a command is what it said, and a defect is our mistake", () => {
    const failed = Exit.fail(new CommandFailed({ code: 4, problem: "too late" }))
    assert.deepStrictEqual(commandEnding(failed, undefined), { code: 4, text: "too late" })
    const told = Exit.fail(new CommandFailed({ code: 1, problem: "" }))
    assert.deepStrictEqual(commandEnding(told, undefined), { code: 1, text: undefined })
    assert.deepStrictEqual(commandEnding(Exit.interrupt(), "SIGINT"), { code: 130, text: undefined })
    const both = Exit.failCause(
      Cause.combine(Cause.interrupt(), Cause.fail(new CommandFailed({ code: 3, problem: "lost" })))
    )
    assert.strictEqual(commandEnding(both, "SIGINT").code, 3)
    assert.match(commandEnding(Exit.die(new Error("boom")), undefined).text ?? "", /please report it\.\nError: boom/)
  })
})
