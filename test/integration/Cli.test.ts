import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Cadre, type Ended } from "./cli/Cadre.ts"

const tasks = "test/integration/cli/tasks.ts"
const lines = "{\"n\":12}\n\n{\"n\":-1}\n{\"n\":\n{\"n\":\"x\"}\n{\"n\":15}\n"

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controls = /[\u0000-\u0009\u000b-\u001f]/

describe("cadre", () => {
  let cadre: Cadre
  const submit = (...words: ReadonlyArray<string>) => cadre.run(["submit", tasks, ...words])
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(cadre.folder, name)
    await writeFile(path, text)
    return path
  }
  /** A few at a time: each is a process. */
  const all = (commands: ReadonlyArray<ReadonlyArray<string>>): Promise<ReadonlyArray<Ended>> =>
    Effect.runPromise(
      Effect.forEach(commands, (words) => Effect.promise(() => cadre.run(words)), { concurrency: 3 })
    )

  beforeAll(async () => {
    cadre = await Cadre.make()
    // All others find it made.
    const { code, err } = await cadre.run(["bundle", tasks])
    assert.strictEqual(code, 0, err)
  }, 60_000)
  afterAll(() => cadre.end())

  describe("submit", () => {
    it("prints the result of one task, and nothing else", async () => {
      const [plain, json, quiet, threads, unbundled] = await all([
        ["submit", tasks, "Factor", "--payload", "{\"n\": 84}", "--in-process"],
        ["submit", tasks, "Factor", "--payload", "{\"n\": 84}", "--output", "json", "--in-process"],
        ["submit", tasks, "Factor", "--payload", "{\"n\": 84}", "--output", "quiet", "--in-process"],
        ["submit", tasks, "Factor", "--payload", "{\"n\": 84}", "--in-process", "--threads", "1"],
        ["submit", tasks, "Factor", "--payload", "{\"n\": 84}", "--no-bundle", "--in-process"]
      ])
      assert.deepStrictEqual(plain, { code: 0, out: "[2,2,3,7]\n", err: "" })
      assert.deepStrictEqual(threads, plain)
      assert.deepStrictEqual(unbundled, plain)
      assert.deepStrictEqual(quiet, { code: 0, out: "", err: "" })
      assert.deepInclude(JSON.parse(json?.out ?? ""), { outcome: "Succeeded", value: [2, 2, 3, 7] })
    })

    it("carries dates, large numbers and bytes", async () => {
      const payload = await file(
        "carry.json",
        `{"when":"2026-01-02T03:04:05.000Z","big":"12345678901234567890","bytes":"AAEC"}`
      )
      const { code, out } = await submit("Carry", "--payload", `@${payload}`, "--in-process")
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(JSON.parse(out), JSON.parse(await readFile(payload, "utf8")))
    })

    it("tells of a failure by its message and of a crash by its place, and keeps logs from the data", async () => {
      const [failed, crashed, logged] = await all([
        ["submit", tasks, "Factor", "--payload", "{\"n\": -4}", "--in-process"],
        ["submit", tasks, "Crash", "--in-process"],
        ["submit", tasks, "Log", "--in-process"]
      ])
      assert.deepStrictEqual(failed, { code: 1, out: "", err: "Failed: NotPositive: -4 is not positive\n" })
      assert.strictEqual(crashed?.code, 1)
      assert.match(crashed?.err ?? "", /^Crashed: Error: on purpose\n +at Crash \(.*cli\/tasks\.ts:\d+/)
      assert.strictEqual(logged?.out, "\"returned\"\n")
      assert.include(logged?.err, "said by the task")
    })

    it("ends threads that use more memory than they may", async () => {
      const { code, err, out } = await submit("Fill", "--in-process", "--threads", "1", "--memory", "48MiB")
      assert.deepStrictEqual([code, out], [1, ""])
      assert.match(err, /^Quarantined: .*thread-1 \(out of memory: it may use 48 MiB\)/)
    })

    it("says what is wrong with what was written, and how it is meant", async () => {
      const broken = await file("broken.ts", "export default {\n  a:\n")
      const program = await file("empty.mjs", "export const a = 1\n")
      const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
        [["submitt", tasks], /"submitt".* Did you mean submit\?/],
        [
          ["submit", tasks, "Factor", "--payloda", "{}"],
          /--payloda.* Did you mean --payload\?\nSee: cadre submit --help\n$/
        ],
        [["submit", tasks, "factr", "--payload", "{}"], /no task "factr". Did you mean Factor\?/],
        [["submit", "nix", "Factor"], /no module "nix". Looked for:\n {2}\/.*nix\n {2}\/.*nix\.ts/],
        [["submit", tasks, "Factor"], /needs a payload: --payload/],
        [["submit", tasks, "Factor", "--payload", "{\"n\": \"84\"}"], /Expected number\n +at \["n"\]/],
        [["submit", tasks, "Factor", "--payload", "{\"n\": 84, \"m\": 1}"], /at \["m"\]/],
        [["submit", tasks, "Factor", "--payload", "{\"n\":"], /--payload: It is not JSON/],
        [["submit", tasks, "Factor", "--payload", "@nix.json"], /no file nix\.json/],
        [["submit", tasks, "Factor", "--from", "nix"], /no file nix/],
        [["submit", tasks, "Factor", "--from", "docs"], /docs is a folder/],
        [["submit", tasks, "Factor", "--from", "a", "--payload", "1"], /exclude each other/],
        [["submit", tasks, "Factor", "--timeout", "30"], /--timeout: "30".*such as 500ms/],
        [["submit", tasks, "Factor", "--memory", "lots"], /--memory: "lots".*such as 256MiB/],
        [["submit", tasks, "Factor", "--memory", "1GB", "--in-process"], /--memory is for worker threads/],
        [["submit", broken, "Factor"], /broken\.ts:\d+:\d+: It cannot be parsed/],
        [
          ["submit", program, "Factor", "--no-bundle"],
          /no default export, only a: write export default TaskModule\.make/
        ]
      ]
      const ended = await all(wrong.map(([words]) => words))
      for (const [index, [words, expected]] of wrong.entries()) {
        const about = words.join(" ")
        assert.strictEqual(ended[index]?.code, 2, `${about}\n${ended[index]?.err}`)
        assert.match(ended[index]?.err ?? "", expected, about)
        assert.strictEqual(ended[index]?.out, "", about)
        assert.notMatch(ended[index]?.err ?? "", /\n +at .*\.[jt]s/, about)
      }
    })

    it("stops at a line that is no payload when all before it have ended, or passes over it", async () => {
      const path = await file("lines.ndjson", lines)
      const from = ["submit", tasks, "Factor", "--from", path, "--in-process"]
      const [stopped, skipped, summary] = await all([
        [...from, "--results", "--output", "json"],
        [...from, "--results", "--on-bad-line", "skip"],
        [...from, "--output", "json", "--on-bad-line", "skip"]
      ])
      assert.strictEqual(stopped?.code, 2)
      assert.match(
        stopped?.err ?? "",
        /lines\.ndjson, line 4: It is not JSON.*\nThe 2 payloads before it were submitted/
      )
      assert.strictEqual(stopped?.out.match(/"line":[13],/g)?.length, 2)
      assert.strictEqual(skipped?.code, 1)
      assert.match(skipped?.err ?? "", /line 5: Expected number at \["n"\]\n/)
      assert.match(skipped?.err ?? "", /3 tasks in .*: 2 succeeded, 1 failed, 2 bad lines skipped\n$/)
      assert.deepStrictEqual(skipped?.out.split("\n").filter((line) => line !== "").toSorted(), [
        "     1  Succeeded    [2,2,3]",
        "     3  Failed       NotPositive: -1 is not positive",
        "     6  Succeeded    [3,5]"
      ])
      assert.deepInclude(JSON.parse(summary?.out ?? ""), { succeeded: 2, failed: 1, cancelled: 0, skipped: 2 })
    })

    it("takes payloads from standard input, and ends quietly when nobody reads the results", async () => {
      const many = Array.from({ length: 20_000 }, (_, index) => `{"n":${index + 1}}`).join("\n")
      const words = ["submit", tasks, "Factor", "--from", "-", "--results", "--output", "ndjson", "--in-process"]
      const whole = await cadre.run(words, many)
      assert.strictEqual(whole.code, 0)
      const indexes = whole.out.trimEnd().split("\n").map((line) =>
        (JSON.parse(line) as { readonly index: number }).index
      )
      assert.deepStrictEqual(indexes.toSorted((a, b) => a - b), indexes.map((_, index) => index))
      assert.strictEqual(indexes.length, 20_000)
      assert.notMatch(whole.out, controls)

      const { child, ended, printed } = cadre.start(...words)
      child.stdin?.end(many)
      await printed("Succeeded")
      child.stdout?.destroy()
      const { code, err } = await ended
      assert.deepStrictEqual({ code, err }, { code: 0, err: "" })
    })

    it("cancels what takes too long, or is interrupted, and waits for it; a second Ctrl-C does not wait", async () => {
      const late = await submit("Wait", "--payload", "null", "--timeout", "100ms", "--in-process")
      assert.strictEqual(late.code, 4)
      assert.match(late.err, /It took longer than 100 ms \(--timeout\)/)

      const path = await file("waiting.ndjson", "1\n2\n")
      const once = cadre.start("submit", tasks, "Wait", "--from", path, "--in-process")
      await once.printed("waiting\nwaiting\n")
      once.child.kill("SIGINT")
      const { code, err } = await once.ended
      assert.strictEqual(code, 130)
      assert.match(
        err,
        /Cancelling; Ctrl-C again ends it at once\ncleaned up\ncleaned up\n.*: 0 succeeded, 2 cancelled\n$/
      )

      const twice = cadre.start("submit", tasks, "Linger", "--payload", "null", "--in-process")
      await twice.printed("waiting")
      twice.child.kill("SIGINT")
      await twice.printed("lingering")
      await new Promise((resolve) => setTimeout(resolve, 150))
      twice.child.kill("SIGINT")
      assert.strictEqual((await twice.ended).code, 130)
    })
  })

  describe("on a terminal", () => {
    it("shows a bar and takes it away, and lets a task ask", async () => {
      const many = await file(
        "many.ndjson",
        Array.from({ length: 30_000 }, (_, index) => `{"n":${index + 1}}`).join("\n")
      )
      const bar = cadre.startOnTerminal("submit", tasks, "Factor", "--from", many, "--in-process")
      const { code, out, err } = await bar.ended
      assert.strictEqual(code, 0)
      const shown = out + err
      assert.include(shown, "\r\u001b[2K[")
      assert.match(shown, /\[#*-*\] [\d,]+ of [\d,]+ done/)
      assert.match(shown.split("\u001b[2K").at(-1) ?? "", /^30,000 tasks in .*: 30,000 succeeded\r?\n$/)

      const asked = cadre.startOnTerminal("submit", tasks, "Ask", "--in-process")
      await asked.printed("Name? ")
      asked.child.stdin?.write("Ada\n")
      const answer = await asked.ended
      assert.strictEqual(answer.code, 0)
      assert.include(answer.out, "\"Hello, Ada\"")
    })

    it("has colours; elsewhere there are none", async () => {
      const help = await cadre.startOnTerminal("submit", "--help").ended
      assert.include(help.out, "\u001b[")
      const piped = await cadre.run(["submit", "--help"])
      assert.strictEqual(piped.code, 0)
      assert.notMatch(piped.out, controls)
      assert.include(piped.out, "--on-bad-line")
    })
  })

  it("library inspect keeps what there is, and tells later what has changed", async () => {
    const { code, out } = await cadre.run(["library", "inspect", tasks, "--output", "json"])
    assert.strictEqual(code, 0)
    const same = await file("same.json", out)
    const changed = await file(
      "changed.json",
      out.replace("\"delivery\": \"atLeastOnce\"", "\"delivery\": \"atMostOnce\"").replace(
        "\"version\": \"1.0.0\"",
        "\"version\": \"2.0.0\""
      )
    )
    const [shown, equal, unequal, unusable] = await all([
      ["library", "inspect", tasks],
      ["library", "inspect", tasks, "--against", same],
      ["library", "inspect", tasks, "--against", changed],
      ["library", "inspect", tasks, "--against", "package.json"]
    ])
    assert.match(shown?.out ?? "", /^trial 1\.0\.0.*\n\nFactor\n {2}fingerprint +[0-9a-f]{32}\n/)
    assert.deepStrictEqual(equal, { code: 0, out: "", err: "Compatible: no difference\n" })
    assert.strictEqual(unequal?.code, 1)
    assert.match(
      unequal?.out ?? "",
      /^incompatible +trial +version is 1\.0\.0 here and 2\.0\.0 there\ncompatible +trial\.Factor +delivery/
    )
    assert.strictEqual(unusable?.code, 2)
    assert.include(unusable?.err, "package.json is not what cadre library inspect --output json prints")
  })

  it("doctor tells what the machine can do, and leaves nothing behind", async () => {
    const { code, out } = await cadre.run(["doctor", "--output", "json"])
    const rows = JSON.parse(out) as ReadonlyArray<
      { readonly check: string; readonly status: string; readonly mend?: string }
    >
    assert.strictEqual(code, rows.some(({ status }) => status === "fail") ? 1 : 0)
    assert.includeMembers(rows.map(({ check }) => check), [
      "node",
      "worker threads",
      "control groups",
      "effect",
      "bundler"
    ])
    for (const { check, mend, status } of rows) assert.strictEqual(mend !== undefined, status !== "ok", check)
  })

  it("completions complete in a real bash", async () => {
    const { code, out } = await cadre.run(["completions", "bash"])
    assert.strictEqual(code, 0)
    const script = await file("completions.bash", out)
    const asked = `source '${script}'
      complete_words() {
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}; COMPREPLY=()
        local name=$(complete -p cadre | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        $name cadre "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
        echo "\${COMPREPLY[*]}"
      }
      complete_words cadre subm
      complete_words cadre task c
      complete_words cadre task cancel f
      complete_words cadre submit --thr
      complete_words cadre submit --output js
      complete_words cadre submit bin/cad`
    const { stdout } = spawnSync("bash", ["--norc", "-c", asked], { encoding: "utf8" })
    assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
      "submit submission",
      "cancel",
      "failed",
      "--threads",
      "json",
      "bin/cadre.js"
    ])
    const [zsh, fish] = await all([["completions", "zsh"], ["completions", "fish"]])
    assert.match(zsh?.out ?? "", /^#compdef cadre/)
    assert.include(fish?.out, "complete -c cadre")
  })
})
