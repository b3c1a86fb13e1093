/**
 * What is looked at after every abuse: the server decided nothing because of
 * it, says so in one line that gives nothing away, and serves the next peer.
 */
import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import type { Fortress } from "./Fortress.ts"
import { Raw, type Way, type WireEncoding } from "./Raw.ts"

/** In every abuse that carries text: it must not be seen again anywhere. */
export const secret = "hunter2-never-to-be-seen"

/** Waits until all who were there before are gone. */
export const settled = async ({ listeners, server }: Fortress): Promise<void> => {
  for (const until = performance.now() + 15_000; performance.now() < until;) {
    const { executors, submissions } = await Effect.runPromise(server.status)
    const sessions = listeners.reduce((sum, listener) => sum + listener.sessions(), 0)
    if (executors.length === 0 && submissions === 0 && sessions === 0) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error("Sessions, executors or submissions are left of peers that are gone")
}

/** All that a peer could have changed. */
export const standing = async ({ operator, server }: Fortress) => {
  const { executors, refused, repeated, submissions } = await Effect.runPromise(server.status)
  const view = await Effect.runPromise(operator.status)
  const { ended, failed, queued, running } = view
  return {
    executors: executors.map(({ executorId }) => executorId),
    refused,
    repeated,
    submissions,
    ended,
    failed,
    queued,
    running
  }
}

/** Nothing of what is secret is in a text. */
export const assertSilent = (text: string, ways: ReadonlyArray<Way>): void => {
  assert.notInclude(text, secret)
  for (const { token } of ways) {
    if (token === undefined) continue
    for (const word of Redacted.value(token).split(" ")) assert.notInclude(text, word.slice(-43))
  }
}

/** An honest peer is let in and answered. */
export const answers = async (way: Way, encoding: WireEncoding): Promise<void> => {
  const raw = await Raw.enter(way, encoding, ["operator"])
  raw.send(encoding, { _tag: "Beat" })
  assert.strictEqual((await raw.frame(encoding))?._tag, "Beat")
  await raw.end()
}

/** Does something bad and looks at what came of it; `lines` is how many the log may have more, one as a rule. */
export const judged = async (
  fortress: Fortress,
  what: string,
  abuse: () => Promise<void>,
  lines: number | undefined = 1
): Promise<void> => {
  const before = await standing(fortress)
  const already = fortress.lines.length
  try {
    await abuse()
    // The log hears of it when the server has seen that the connection is gone.
    for (let turn = 0; turn < 200 && fortress.lines.length - already < (lines ?? 0); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    assert.deepStrictEqual(await standing(fortress), before)
    const said = fortress.lines.slice(already)
    assertSilent(said.join("\n"), fortress.ways)
    if (lines !== undefined) assert.strictEqual(said.length, lines, `lines of the log: ${said.join(" | ")}`)
    assert.isTrue(said.every((line) => !/[\r\n]/.test(line.trimEnd())), "a line of the log is one line")
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
