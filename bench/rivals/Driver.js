// What a rival's program does for the benchmark: it hands over tasks when it is told to, and says how long that took.
import { fork } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"

/** Starts the same program as a worker, and waits until it says that it is ready. */
export const worker = (url, words) =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(url), ["work", ...words])
    child.once("message", () => resolve(child))
    child.once("exit", (code) => reject(new Error(`The worker ended with ${code}`)))
  })

/**
 * Answers the benchmark. `add` takes the numbers of tasks that are handed over together; `ended` is to be called for
 * each when it has ended.
 */
export const drive = (connect) => {
  const waiting = new Map()
  let together = []
  let add
  const one = (n) =>
    new Promise((resolve) => {
      waiting.set(n, resolve)
      // What is handed over in one turn goes in one message, as with Cadre.
      if (together.push(n) > 1) return
      setImmediate(() => {
        const batch = together
        together = []
        add(batch)
      })
    })
  const ended = (n) => {
    const resolve = waiting.get(n)
    waiting.delete(n)
    resolve?.()
  }
  let last = 0
  const rate = async ({ count, inFlight }) => {
    const begun = performance.now()
    let left = count
    const lane = async () => {
      while (left > 0) {
        left--
        await one(++last)
      }
    }
    await Promise.all(Array.from({ length: Math.min(inFlight, count) }, lane))
    return count / ((performance.now() - begun) / 1_000)
  }
  const latency = async ({ count }) => {
    const times = []
    for (let at = 0; at < count; at++) {
      const begun = performance.now()
      await one(++last)
      times.push((performance.now() - begun) * 1_000)
    }
    return times.toSorted((a, b) => a - b)[count >> 1]
  }
  process.on(
    "message",
    async (asked) => process.send(asked.inFlight === undefined ? await latency(asked) : await rate(asked))
  )
  process.on("disconnect", () => process.exit())
  connect(ended).then((found) => {
    add = found
    process.send("ready")
  })
}
