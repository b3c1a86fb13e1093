import { assert } from "@effect/vitest"
import type { World } from "../../dispatch/World.ts"

/** Every task has ended once, its submitter knows how, and each submission adds up. */
export const judgeEnds = ({ dispatcher, judge }: World, starts: ReadonlyMap<string, number>): void => {
  for (const story of judge.ledger.tasks.values()) {
    const { end, task } = story
    if (end !== undefined && end.sequence <= judge.generationStart) continue
    if (judge.told.has(task)) continue
    assert.fail(`task ${task} never ended: ${JSON.stringify([story, dispatcher.explain(task)])}`)
  }
  for (const [key, count] of starts) {
    if (key.endsWith("atMostOnce")) assert.strictEqual(count, 1, `task ${key} was started so often`)
  }
  const bySubmission = Map.groupBy(judge.requests.values(), ({ submission }) => submission)
  for (const [submission, requests] of bySubmission) {
    const progress = judge.progress.get(submission)
    const tasks = requests.flatMap(({ entries }) => entries.flatMap(({ tasks }) => tasks))
    assert.isTrue(progress?.isEnded, `${submission} has not ended: ${JSON.stringify(progress)}`)
    const { cancelled = 0, failed = 0, queued, running, succeeded = 0, total = 0 } = progress?.counts ?? {}
    assert.deepStrictEqual([queued, running], [0, 0])
    assert.strictEqual(cancelled + failed + succeeded, total)
    assert.isAtMost(total, tasks.length)
  }
}

/** Once everything was fetched and everybody is gone, nothing is left. */
export const judgeMemory = ({ dispatcher, judge }: World, left: number): void => {
  const { executors, pages, refused: _, repeated: __, timers, ...rest } = dispatcher.statistics
  assert.deepStrictEqual({ ...rest }, Object.fromEntries(Object.keys(rest).map((key) => [key, 0])), "what is left")
  for (const { allocated, nodeId } of dispatcher.nodes) {
    assert.deepStrictEqual(allocated, { cpu: 0, bytes: 0, slots: 0 }, `what is given out on ${nodeId}`)
  }
  for (const { abandoned, executorId, leases } of dispatcher.executors) {
    assert.deepStrictEqual([leases, abandoned], [0, 0], `what ${executorId} holds`)
  }
  assert.isAtMost(timers, 1)
  assert.isAtMost(pages, 2)
  assert.isAtMost(executors, left)
  assert.strictEqual(executors, judge.executors.size)
}
