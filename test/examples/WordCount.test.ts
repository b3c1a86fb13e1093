import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { InProcess } from "cadre"
import { Effect, Layer, Schema, Stream } from "effect"
import { spawn } from "node:child_process"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { busyText } from "../../examples/word-count/busy.ts"
import { compareText } from "../../examples/word-count/compare.ts"
import { WordCountLive } from "../../examples/word-count/handlers.ts"
import { progressBar, progressLine } from "../../examples/word-count/progress.ts"
import { report, reportText } from "../../examples/word-count/report.ts"
import { Tally } from "../../examples/word-count/tally.ts"
import { CountWords } from "../../examples/word-count/tasks.ts"
import { filesBelow } from "../../examples/word-count/walk.ts"
import { WordCounter } from "../../examples/word-count/words.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const count = (...pieces: ReadonlyArray<Uint8Array>): Record<string, number> => {
  const counter = new WordCounter()
  for (const piece of pieces) counter.add(piece)
  return Object.fromEntries(counter.finish())
}

describe("a word", () => {
  it.each<[string, string, Record<string, number>]>([
    ["is a run of letters", "one, two-two; x1y 3", { one: 1, two: 2, x: 1, y: 1 }],
    ["has no case", "Word WORD word ΣΑΣ", { word: 3, σας: 1 }],
    ["is of any alphabet", "naïve слово 日本語 𝐀", { naïve: 1, слово: 1, 日本語: 1, "𝐀": 1 }],
    ["ends at a combining mark, which is no letter", "cafe\u0301s", { cafe: 1, s: 1 }],
    ["may be called like a property of every object", "constructor", { constructor: 1 }],
    ["is not in an empty text", "", {}],
    ["is not in a text without letters", "1 + 1 = 2\n", {}]
  ])("%s", (_, text, words) => {
    assert.deepStrictEqual(count(bytes(text)), words)
  })

  it.prop("is the same however the text is cut", [Schema.String, Schema.Int], ([text, seed]) => {
    const whole = bytes(`${text.replaceAll("\0", "")} né Ωω`)
    const cut = Math.abs(seed) % (whole.length + 1)
    assert.deepStrictEqual(count(whole.subarray(0, cut), whole.subarray(cut)), count(whole))
  })

  it("is not looked for where there is no text", () => {
    assert.throws(() => count(bytes("a\0b")), "has a zero byte")
    assert.throws(() => count(new Uint8Array([0x61, 0xff])), "is not UTF-8")
    assert.throws(() => count(bytes("né").subarray(0, 2)), "is not UTF-8")
    assert.deepStrictEqual(count(bytes("a".repeat(8 * 1024)), bytes("\0")), { ["a".repeat(8 * 1024)]: 1 })
  })
})

describe("progress", () => {
  const progress = { files: 50, failed: 2, total: 200 }

  it("says how much is done, how fast and how long it will take", () => {
    assert.strictEqual(progressLine(progress, 5), "25%, 50 of 200 files, 2 failed, 10/s, 15.0 s left")
    assert.strictEqual(progressLine({ ...progress, total: undefined }, 5), "50 files, 2 failed, 10/s")
    assert.strictEqual(progressLine({ files: 0, failed: 0, total: 0 }, 0), "100%, 0 of 0 files, 0 failed, 0/s")
  })

  it("is a bar that fits the terminal", () => {
    assert.match(progressBar(progress, 5, 200), /^\[#{6}-{18}\] 25%, 50 of 200 files/)
    assert.strictEqual(progressBar(progress, 5, 20).length, 19)
  })
})

describe("a report", () => {
  it("is one of nothing, too", () => {
    const result = report(new Tally(), "empty", 0, [])
    assert.deepStrictEqual(result.words, [])
    assert.strictEqual(result.tasksPerSecond, 0)
    assert.include(reportText(result), "0 files, 0 bytes of text, 0 different words")
  })

  it("says how busy each executor was", () => {
    const busy = [{ executor: "thread-1", share: 0.509, tasks: 1_200 }, { executor: "thread-12", share: 1, tasks: 7 }]
    assert.deepStrictEqual(busyText(busy).split("\n"), [
      "  thread-1   [############------------]  50% busy, 1,200 tasks",
      "  thread-12  [########################] 100% busy,     7 tasks"
    ])
  })
})

describe("a comparison", () => {
  it("is a table", () => {
    const rows = [
      { threads: 1, seconds: 3, filesPerSecond: 400, busy: 0.99, speedUp: 1 },
      { threads: 12, seconds: 0.5, filesPerSecond: 2_400, busy: 0.8, speedUp: 6 }
    ]
    assert.deepStrictEqual(compareText(rows, 1_200).split("\n"), [
      "threads   time  files/s  busy  speed-up",
      "      1  3.0 s      400   99%    1.00 x",
      "     12  0.5 s    2,400   80%    6.00 x",
      "",
      "1,200 files; medians of 3 rounds after one that warms up"
    ])
  })
})

describe("a run", () => {
  let folder = ""

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "cadre-word-count-"))
    await mkdir(join(folder, "nested/empty"), { recursive: true })
    await Promise.all([
      writeFile(join(folder, "a.txt"), "One two.\nTwo three, three, THREE"),
      writeFile(join(folder, "nested/b.txt"), "three"),
      writeFile(join(folder, "nested/empty.txt"), ""),
      writeFile(join(folder, "nested/b.js.map"), "mapped"),
      writeFile(join(folder, "nested/b.min.js"), "minified"),
      writeFile(join(folder, "nested/zero.bin"), new Uint8Array(16)),
      writeFile(join(folder, "latin-1.txt"), new Uint8Array([0xe9])),
      symlink(folder, join(folder, "nested/circle")),
      symlink("nowhere", join(folder, "dangling"))
    ])
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.effect("counts text, and says what was none", () =>
    Effect.gen(function*() {
      const tally = new Tally()
      // Gone by the time its task runs.
      const paths = Stream.concat(filesBelow(folder), Stream.make(join(folder, "gone.txt")))
      const outcomes = CountWords.runAll(Stream.map(paths, (path) => ({ path })))
      yield* Stream.runForEach(outcomes, (outcome) => Effect.sync(() => tally.add(outcome)))
      assert.deepStrictEqual(tally.top(2), [{ word: "three", count: 4 }, { word: "two", count: 2 }])
      assert.deepInclude(tally, { files: 6, failed: 3, bytes: 37 })
      assert.sameDeepMembers([...tally.failures], [
        { reason: "Binary: has a zero byte", count: 1, examples: [join(folder, "nested/zero.bin")] },
        { reason: "Binary: is not UTF-8", count: 1, examples: [join(folder, "latin-1.txt")] },
        { reason: "Unreadable: NotFound", count: 1, examples: [join(folder, "gone.txt")] }
      ])
    }).pipe(Effect.provide(InProcess.layer(WordCountLive).pipe(Layer.provideMerge(NodeServices.layer)))))

  /** The example as its user starts it; `ended` waits for it. */
  const start = (...args: ReadonlyArray<string>) => {
    const child = spawn(process.execPath, ["--conditions=cadre-source", "examples/word-count/main.ts", ...args])
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (data) => stdout += data)
    child.stderr.on("data", (data) => stderr += data)
    const ended = new Promise<{ stdout: string; stderr: string; code: number | null }>((resolve) =>
      child.on("close", (code) => resolve({ stdout, stderr, code }))
    )
    return { child, ended }
  }

  it.concurrent("counts on as many threads as it is told, and prints one JSON document", async () => {
    const { code, stdout } = await start(folder, "--json", "--threads", "2").ended
    const result = JSON.parse(stdout)
    assert.deepInclude(result, { folder, files: 5, failed: 2, bytes: 37, distinctWords: 3 })
    assert.deepStrictEqual(result.words[0], { word: "three", count: 4 })
    const [one, two, ...others] = result.executors
    assert.deepStrictEqual([one.executor, two.executor, others.length], ["thread-1", "thread-2", 0])
    assert.strictEqual(one.tasks + two.tasks, 5)
    assert.isTrue(one.share >= 0 && one.share <= 1)
    assert.strictEqual(code, 0)
  })

  it.concurrent("counts the same without threads", async () => {
    const { code, stdout } = await start(folder, "--in-process").ended
    assert.include(stdout, "5 files, 37 bytes of text, 3 different words")
    assert.match(stdout, /\n {2}executor-1 {2}\[[#-]{24}\] +\d+% busy, 5 tasks\n$/)
    assert.strictEqual(code, 0)
  })

  it.concurrent("compares several threads with one", async () => {
    const { code, stderr, stdout } = await start(folder, "--compare", "--threads", "2").ended
    assert.match(
      stdout,
      /^threads +time +files\/s +busy +speed-up\n +1 .* 1\.00 x\n +2 .* \d+\.\d\d x\n\n5 files; medians/
    )
    assert.include(stderr, "5 files below")
    assert.strictEqual(code, 0)
  })

  it.concurrent.each([
    ["a folder that is not there", "nowhere", "Path does not exist"],
    ["no threads at all", "--threads=0", "--threads: a number from 1 to 256, not 0"],
    ["an unknown flag", "--jsno", "Unrecognized flag: --jsno"],
    ["to compare one thread with itself", "--compare --threads=1", "--threads must be 2 or more"]
  ])("refuses %s", async (_, args, message) => {
    const { code, stderr, stdout } = await start(...args.split(" ")).ended
    assert.include(stderr, message)
    assert.include(stderr, "Usage: npm start -- [--json]")
    assert.notMatch(stderr, /\n\s+at /)
    assert.strictEqual(stdout, "")
    assert.strictEqual(code, 2)
  })

  it.concurrent("is cancelled by Ctrl-C", async () => {
    const { child, ended } = start("--threads", "1")
    child.stderr.once("data", () => child.kill("SIGINT"))
    const { code, stderr } = await ended
    assert.include(stderr, "Cancelled after")
    assert.notMatch(stderr, /\n\s+at /)
    assert.strictEqual(code, 130)
  })

  it.concurrent("ends quietly when nobody reads", async () => {
    const { child, ended } = start(folder, "--in-process")
    child.stdout.destroy()
    const { code, stderr } = await ended
    assert.match(stderr, /^Counting the words of the files below .*\n$/)
    assert.strictEqual(code, 0)
  })
})
