/** Tasks that are kept on disk, against queues that do so, too. */
import { Effect, Result as Attempt } from "effect"
import { type Figure, median, type Result } from "../Figure.ts"
import { Absent, bullmq, graphile, type Rival } from "../rivals/Rivals.ts"
import { running } from "../server/Processes.ts"
import { p50 } from "./server-latency.ts"
import { rate } from "./server-throughput.ts"

const concurrency = 1_024

/** Each with a submitter, a server and a worker as processes; measured in turn. */
export const serverRivals: Figure = {
  name: "server-rivals",
  description: "tasks on disk, each commit forced to it: BullMQ on Redis, Graphile Worker on Postgres",
  measure: Effect.fnUntraced(function*(profile) {
    const scale = profile === "quick" ? 1 : 0.01
    const { submitter } = yield* running({ isDurable: true, slots: 64 })
    const ours: Rival = {
      rate: (count) => Effect.orDie(rate(submitter, count)),
      latency: (count) => Effect.orDie(p50(submitter, count))
    }
    const results: Array<Result> = []
    for (
      const [name, opening, count] of [
        ["BullMQ", bullmq, 10_000],
        ["Graphile Worker", graphile, 40_000]
      ] as const
    ) {
      const opened = yield* Effect.result(opening)
      if (Attempt.isFailure(opened)) {
        if (!(opened.failure instanceof Absent)) return yield* Effect.fail(opened.failure)
        const measured = yield* ours.rate(60_000 * scale, concurrency)
        results.push({ name: `on disk (no ${name}: ${opened.failure.reason})`, measured, unit: "tasks/s" })
        continue
      }
      const rows: Array<Record<"rate" | "latency" | "theirRate" | "theirLatency", number>> = []
      for (let round = 0; round < (profile === "quick" ? 5 : 1); round++) {
        rows.push({
          rate: yield* ours.rate(60_000 * scale, concurrency),
          theirRate: yield* opened.success.rate(count * scale, concurrency),
          latency: yield* ours.latency(200 * scale),
          theirLatency: yield* opened.success.latency(200 * scale)
        })
      }
      const middle = (which: keyof typeof rows[number]) =>
        median(rows.slice(profile === "quick" ? 1 : 0).map((row) => row[which]))
      const [throughput, latency] = [middle("theirRate"), middle("theirLatency")]
      results.push(
        {
          name: `on disk, against ${name}`,
          measured: middle("rate"),
          unit: "tasks/s",
          target: { atLeast: throughput },
          against: { name, measured: throughput }
        },
        {
          name: `p50 on disk, against ${name}`,
          measured: middle("latency"),
          unit: "us",
          target: { atMost: latency },
          against: { name, measured: latency }
        }
      )
    }
    return results
  }, Effect.scoped)
}
