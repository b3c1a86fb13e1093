import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Disk } from "../../../layers/store/Disk.ts"
import * as VirtualTime from "../../../layers/testing/VirtualTime.ts"
import type { ScheduleSpec } from "../../../src/operate/Schedule.ts"
import { Hand, kind } from "../../suites/Parties.ts"
import { boot, type Run } from "./Boot.ts"

const inTurns = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(Effect.scoped(effect), Layer.fresh(VirtualTime.layer()))

const spec = (options: Partial<ScheduleSpec> = {}): ScheduleSpec => ({
  id: "nightly",
  cron: "*/10 * * * *",
  timeZone: "UTC",
  catchUp: "none",
  overlap: "skip",
  submitter: "ada",
  spec: kind(),
  priority: 0,
  payload: Uint8Array.of(7),
  ...options
})

const statuses = ({ operator }: Run) =>
  Effect.map(
    operator.tasks({ selector: { _tag: "All" }, limit: 100 }),
    ({ items }) => items.map(({ status }) => status)
  )

describe("a schedule", () => {
  it.effect("submits a task at each of its times", () =>
    Effect.gen(function*() {
      const run = yield* boot(new Disk())
      const hand = yield* run.within(Hand.join("hand", { slots: 9 }))
      const row = yield* run.operator.schedule(spec())
      assert.deepInclude(row, { id: "nightly", next: 600_000, isPaused: false, taskName: "Task" })
      yield* TestClock.adjust("9 minutes")
      assert.deepStrictEqual(hand.given, [])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(hand.attempts.map(({ payload }) => [...payload]), [[7]])
      hand.end(hand.attempts[0]!.assignment.task)
      yield* TestClock.adjust("20 minutes")
      const [after] = yield* run.operator.schedules
      assert.deepInclude(after, { last: 1_200_000, next: 2_400_000 })
    }).pipe(inTurns))

  for (
    const [overlap, expected] of Object.entries(
      {
        skip: ["running"],
        queue: ["running"],
        cancel: ["running", "interrupted", "interrupted"]
      } as const
    )
  ) {
    it.effect(`that comes while its last task runs: ${overlap}`, () =>
      Effect.gen(function*() {
        const run = yield* boot(new Disk())
        const hand = yield* run.within(Hand.join("hand", { slots: 9 }))
        // ScheduleSpec's literals are the keys above.
        yield* run.operator.schedule(spec({ overlap: overlap as ScheduleSpec["overlap"] }))
        for (let time = 0; time < 3; time++) {
          yield* TestClock.adjust("10 minutes")
          for (const { epoch, task } of hand.revoked) {
            hand.end(task, { _tag: "Interrupted", by: "it", cleanly: true }, epoch)
          }
          const { assignment: { task } } = hand.attempts.at(-1)!
          hand.start(task)
          yield* TestClock.adjust(0)
        }
        assert.deepStrictEqual(yield* statuses(run), [...expected])
        if (overlap !== "queue") {
          return
        }
        hand.end(hand.attempts[0]!.assignment.task)
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* statuses(run), ["assigned", "succeeded"])
      }).pipe(inTurns))
  }

  for (const [catchUp, count] of Object.entries({ none: 0, one: 1, all: 5 })) {
    it.effect(`whose times passed while no server ran: ${catchUp}`, () =>
      Effect.gen(function*() {
        const disk = new Disk()
        const first = yield* boot(disk)
        yield* first.operator.schedule(spec({ catchUp: catchUp as ScheduleSpec["catchUp"], overlap: "queue" }))
        yield* TestClock.adjust("1 second")
        yield* first.crash
        yield* TestClock.adjust("52 minutes")
        const second = yield* boot(disk)
        const hand = yield* second.within(Hand.join("hand", { slots: 9 }))
        let ended = 0
        for (let round = 0; round < 9; round++) {
          yield* TestClock.adjust("1 second")
          for (const { assignment: { task } } of hand.attempts.slice(ended)) hand.end(task)
          ended = hand.attempts.length
        }
        assert.lengthOf(hand.attempts, count)
        const [row] = yield* second.operator.schedules
        assert.strictEqual(row?.next, 3_600_000)
      }).pipe(inTurns))
  }

  it.effect("can be paused, go on and be removed; what it has submitted stays", () =>
    Effect.gen(function*() {
      const run = yield* boot(new Disk())
      const hand = yield* run.within(Hand.join("hand", { slots: 9 }))
      yield* run.operator.schedule(spec())
      const paused = yield* run.operator.pauseSchedule("nightly", true)
      assert.isUndefined(paused.next)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(hand.attempts, 0)
      yield* run.operator.pauseSchedule("nightly", false)
      yield* TestClock.adjust("10 minutes")
      assert.lengthOf(hand.attempts, 1)
      yield* run.operator.removeSchedule("nightly")
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(hand.attempts, 1)
      assert.deepStrictEqual(yield* run.operator.schedules, [])
      assert.strictEqual((yield* Effect.flip(run.operator.removeSchedule("nightly")))._tag, "NotFound")
    }).pipe(inTurns))

  it.effect("goes by its time zone", () =>
    Effect.gen(function*() {
      const run = yield* boot(new Disk())
      const row = yield* run.operator.schedule(spec({ cron: "0 3 * * *", timeZone: "Europe/Rome" }))
      assert.strictEqual(row.next, 2 * 3_600_000)
    }).pipe(inTurns))

  for (const wrong of [{ cron: "every day" }, { timeZone: "Mars/Olympus" }, { cron: "0 0 31 2 *" }]) {
    it.effect(`that means nothing is refused: ${JSON.stringify(wrong)}`, () =>
      Effect.gen(function*() {
        const run = yield* boot(new Disk())
        const refused = yield* Effect.flip(run.operator.schedule(spec(wrong)))
        assert.strictEqual(refused._tag, "ScheduleRefused")
        assert.deepStrictEqual(yield* run.operator.schedules, [])
      }).pipe(inTurns))
  }
})
