import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { InProcess } from "cadre"
import { Fetch, Shell, StandardLive } from "cadre/standard"
import { Deferred, Effect, Fiber } from "effect"
import { execFile } from "node:child_process"
import { mkdtemp, realpath, rm } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"

const layer = InProcess.layer(StandardLive)

/** Whether a process runs; one that is dead and not yet reaped does not. */
const isRunning = (pid: string) =>
  Effect.promise(() =>
    new Promise<boolean>((resolve) =>
      execFile("ps", ["-o", "stat=", "-p", pid], (_, stdout) => resolve(/^[^Z\s]/.test(stdout.trim())))
    )
  )

describe.concurrent("Shell", () => {
  let folder = ""

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "cadre-shell-")))
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.live("gives what a command writes, and what it ends with", () =>
    Effect.gen(function*() {
      const result = yield* Shell.run({
        command: "pwd; cat; echo \"$GREETING $PATH\" >&2",
        cwd: folder,
        env: { GREETING: "hello" },
        stdin: "é from stdin"
      })
      assert.deepStrictEqual(result, {
        code: 0,
        stdout: `${folder}\né from stdin`,
        stderr: `hello ${process.env["PATH"]}\n`,
        truncated: false
      })
    }).pipe(Effect.provide(layer)))

  it.live("fails with the last lines, unless told that any code will do", () =>
    Effect.gen(function*() {
      const command = "seq 1 100 >&2; exit 3"
      const error = yield* Effect.flip(Shell.run({ command }))
      assert.include(error, { _tag: "ShellFailed", code: 3, stdout: "" })
      assert.match(error.message, /^The command seq .* ended with code 3\. It last wrote: 81\n.*\n100$/s)
      assert.include(yield* Shell.run({ command, failOnExit: false }), { code: 3, stdout: "" })
      assert.include(yield* Shell.run({ command: "kill -9 $$", failOnExit: false }), { code: 137, signal: "SIGKILL" })
      assert.match((yield* Effect.flip(Shell.run({ command: "kill -9 $$" }))).message, /ended by SIGKILL/)
      assert.match((yield* Effect.flip(Shell.run({ command: "no-such-command" }))).message, /code 127.*not found/)
    }).pipe(Effect.provide(layer)))

  it.live("says why a command was not started", () =>
    Effect.gen(function*() {
      const reason = (payload: Parameters<typeof Shell.run>[0]) =>
        Effect.map(Effect.flip(Shell.run(payload)), (error) => {
          assert.strictEqual(error._tag, "ShellNotStarted")
          return error.message
        })
      assert.include(yield* reason({ command: "true", cwd: join(folder, "gone") }), "gone does not exist")
      assert.include(yield* reason({ command: "true", cwd: "/etc/passwd" }), "/etc/passwd is no folder")
      assert.include(yield* reason({ command: "echo \0" }), "NUL")
      const long = yield* reason({ command: `: ${"x".repeat(4_000_000)}` })
      assert.include(long, "can be given as stdin")
      assert.isBelow(long.length, 500)
    }).pipe(Effect.provide(layer)))

  it.live("keeps the start and the end of a long output", () =>
    Effect.gen(function*() {
      const { stdout, truncated } = yield* Shell.run({ command: "seq 1 200000", maxOutput: "1 KiB" })
      assert.isTrue(truncated)
      assert.match(stdout, /^1\n2\n.*\n\[\.\.\. 1,287,\d{3} bytes left out \.\.\.\]\n.*\n200000\n$/s)
      assert.isBelow(stdout.length, 1_100)
    }).pipe(Effect.provide(layer)))

  it.live("does not break when a command does not read its stdin", () =>
    Effect.gen(function*() {
      const { code } = yield* Shell.run({ command: "exec <&-; true", stdin: "x".repeat(1_000_000) })
      assert.strictEqual(code, 0)
    }).pipe(Effect.provide(layer)))

  it.live("ends all of its process group when its time is over", () =>
    Effect.gen(function*() {
      const late = yield* Effect.flip(Shell.run({ command: "sleep 60 & echo $!; wait", timeout: "300 millis" }))
      assert.include(late, { _tag: "ShellTimedOut", after: 300 })
      const pid = late._tag === "ShellTimedOut" ? late.stdout : ""
      assert.match(pid, /^\d+$/)
      assert.isFalse(yield* isRunning(pid))
    }).pipe(Effect.provide(layer)))

  it.live("kills what does not end when it is cancelled", () =>
    Effect.gen(function*() {
      const file = join(folder, "pid")
      const deaf = `trap '' TERM; echo $$ > ${file}; sleep 60; sleep 60`
      const running = yield* Effect.forkChild(Shell.run({ command: deaf }))
      const read = Effect.filterOrFail(Shell.run({ command: `cat ${file}` }), ({ stdout }) => stdout !== "")
      const { stdout } = yield* Effect.eventually(Effect.delay(read, "20 millis"))
      assert.isTrue(yield* isRunning(stdout.trim()))
      yield* Fiber.interrupt(running)
      assert.isFalse(yield* isRunning(stdout.trim()))
    }).pipe(Effect.provide(layer)))

  it.live("does not wait for what a command leaves behind, but ends it", () =>
    Effect.gen(function*() {
      const { stdout } = yield* Shell.run({ command: "sleep 60 & echo $!" })
      assert.isFalse(yield* isRunning(stdout.trim()))
    }).pipe(Effect.provide(layer)))
})

describe.concurrent("Fetch", () => {
  let server: Server
  let url = ""
  let gone = Deferred.makeUnsafe<void>()

  beforeAll(async () => {
    server = createServer((request, response) => {
      switch (request.url) {
        case "/echo":
          response.writeHead(201, { "content-type": "text/plain", "x-method": request.method })
          response.write(`${request.headers["x-name"]}: `)
          request.pipe(response)
          return
        case "/moved":
          response.writeHead(302, { location: "/missing" }).end()
          return
        case "/missing":
          response.writeHead(404).end("not here")
          return
        case "/endless":
          response.on("close", () => Deferred.doneUnsafe(gone, Effect.void))
          response.writeHead(200)
          response.write("x".repeat(2_000))
          return
        default:
          request.socket.destroy()
      }
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
  })

  afterAll(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })

  it.live("sends method, headers and body, and gives status, headers and body", () =>
    Effect.gen(function*() {
      const body = "é".repeat(50_000)
      const { headers, status, text } = yield* Fetch.run({
        url: `${url}/echo`,
        method: "POST",
        headers: { "x-name": "Ada" },
        body
      })
      assert.strictEqual(status, 201)
      assert.include(headers, { "content-type": "text/plain", "x-method": "POST" })
      assert.isTrue(text === `Ada: ${body}`)
    }).pipe(Effect.provide(layer)))

  it.live("gives responses of any status, and follows redirections", () =>
    Effect.gen(function*() {
      assert.include(yield* Fetch.run({ url: `${url}/moved` }), { status: 404, text: "not here" })
      const { bytes, status } = yield* Fetch.run({ url: `${url}/missing`, method: "HEAD", as: "bytes" })
      assert.deepStrictEqual([status, bytes], [404, new Uint8Array()])
    }).pipe(Effect.provide(layer)))

  it.live("stops reading what is too large, too slow or not wanted any more", () =>
    Effect.gen(function*() {
      const closed = Effect.suspend(() => {
        gone = Deferred.makeUnsafe<void>()
        return Effect.timeout(Deferred.await(gone), "10 seconds")
      })
      const endless = { url: `${url}/endless` }
      const ends = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
        const closing = yield* Effect.forkChild(closed, { startImmediately: true })
        const result = yield* effect
        yield* Fiber.join(closing)
        return result
      })
      const large = yield* ends(Effect.flip(Fetch.run({ ...endless, maxBytes: "1 KiB" })))
      assert.strictEqual(large._tag, "FetchTooLarge")
      assert.include(large.message, "more than 1024 bytes")
      const slow = yield* ends(Effect.flip(Fetch.run({ ...endless, timeout: 100 })))
      assert.strictEqual(slow._tag, "FetchTimedOut")
      assert.isTrue((yield* ends(Effect.timeoutOption(Fetch.run(endless), "100 millis")))._tag === "None")
    }).pipe(Effect.provide(layer)))

  it.live("says that the connection broke, or that there is nobody", () =>
    Effect.gen(function*() {
      const broken = yield* Effect.flip(Fetch.run({ url: `${url}/break`, method: "POST" }))
      assert.strictEqual(broken._tag, "FetchBroken")
      const free = createServer()
      yield* Effect.promise(() => new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve)))
      const address = free.address()
      const port = typeof address === "object" ? address?.port : 0
      yield* Effect.promise(() => new Promise((resolve) => free.close(resolve)))
      const refused = yield* Effect.flip(Fetch.run({ url: `http://127.0.0.1:${port}` }))
      assert.strictEqual(refused._tag, "FetchRefused")
      assert.include(refused.message, "ECONNREFUSED")
    }).pipe(Effect.provide(layer)))
})

const program = new URL("Crashing.ts", import.meta.url)

/** How a worker thread ends that runs a task of the library. */
const thread = (...argv: ReadonlyArray<string>) => {
  const worker = new Worker(program, {
    argv: [...argv],
    execArgv: ["--conditions=cadre-source"],
    // With a large young generation V8 may notice too late, and then ends the whole process.
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    stdout: true,
    stderr: true
  })
  const heard: Array<string> = []
  const ended = new Promise<{ readonly code: number; readonly heard: ReadonlyArray<string> }>((resolve) => {
    worker.on("message", (message) => heard.push(message))
    worker.on("error", (error: NodeJS.ErrnoException) => heard.push(error.code ?? error.message))
    worker.on("exit", (code) => resolve({ code, heard }))
  })
  return { worker, ended }
}

/** How a process ends that runs a task of the library. */
const child = (...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number | string | null | undefined; readonly stdout: string; readonly stderr: string }>(
    (resolve) =>
      execFile(
        process.execPath,
        ["--conditions=cadre-source", "--max-old-space-size=64", program.pathname, ...args],
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? error.signal, stdout, stderr })
      )
  )

describe("Crash", () => {
  it.concurrent.each<readonly [how: string, code: number, heard: ReadonlyArray<string>]>([
    ["exit", 7, ["started"]],
    ["unhandledRejection", 1, ["started", "crashed on purpose"]],
    ["uncaughtException", 1, ["started", "crashed on purpose"]],
    ["outOfMemory", 1, ["started", "ERR_WORKER_OUT_OF_MEMORY"]]
  ])("of a thread by %s concerns that thread alone", async (how, code, heard) => {
    assert.deepStrictEqual(
      await thread("Crash", JSON.stringify({ how, code: 7, message: "crashed on purpose" })).ended,
      { code, heard }
    )
  })

  it.concurrent("of a process takes it down", async () => {
    const exit = await child("Crash", JSON.stringify({ how: "exit", code: 7 }))
    assert.include(exit, { code: 7, stdout: "" })
  })
})

describe("Hang", () => {
  it.concurrent("in a loop ends with its thread", async () => {
    const { ended, worker } = thread("Hang", JSON.stringify({ how: "loop" }))
    await new Promise((resolve) => worker.once("message", resolve))
    await worker.terminate()
    assert.deepStrictEqual(await ended, { code: 1, heard: ["started"] })
  })
})
