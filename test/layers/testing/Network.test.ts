import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { none, usual, Weather } from "../../../layers/testing/Faults.ts"
import { timing } from "../../../layers/testing/Network.ts"
import { SeededRandom } from "../../../layers/testing/SeededRandom.ts"
import { VirtualClock } from "../../../layers/testing/VirtualClock.ts"
import { VirtualScheduler } from "../../../layers/testing/VirtualScheduler.ts"
import { Flow, VirtualSocket } from "../../../layers/testing/VirtualSocket.ts"

/** Two ends, and the time between them. */
const pair = (seed: number, faults = usual) =>
  Effect.gen(function*() {
    const scheduler = new VirtualScheduler({ seed })
    const clock = new VirtualClock(scheduler, yield* Clock.Clock, false)
    const weather = new Weather(faults, new SeededRandom(seed), clock)
    const times = timing(weather, (run) => scheduler.schedule(run))
    const [left, right] = [new VirtualSocket(), new VirtualSocket()]
    const over = new Flow(weather, times, (arrival) => right.arrive(arrival), () => left.drained())
    const back = new Flow(weather, times, (arrival) => left.arrive(arrival), () => right.drained())
    left.join(over)
    right.join(back)
    const heard: Array<string> = []
    const sizes: Array<number> = []
    right.on("data", (chunk) => {
      heard.push(chunk.toString())
      sizes.push(chunk.length)
    }).on("end", () => heard.push("<end>")).on("close", () => heard.push("<close>")).resume()
    return { adjust: (millis: number) => clock.adjust(millis), back, heard, left, over, right, sizes, times }
  })

const text = "the quick brown fox jumps over the lazy dog"

describe("virtual sockets", () => {
  it.effect("bring all bytes in order, in whatever pieces", () =>
    Effect.gen(function*() {
      const pieces = new Set<number>()
      for (let seed = 1; seed <= 20; seed++) {
        const { adjust, heard, left, sizes } = yield* pair(seed)
        for (const word of text.split(" ")) left.write(`${word} `)
        left.destroySoon()
        yield* adjust(10_000)
        assert.strictEqual(heard.join(""), `${text} <end>`)
        pieces.add(sizes.length)
      }
      assert.isAbove(pieces.size, 3)
    }))

  it.effect("bring at most a beginning when the connection is lost, and may not say so", () =>
    Effect.gen(function*() {
      const lengths = new Set<number>()
      for (let seed = 1; seed <= 20; seed++) {
        const { adjust, heard, left, over } = yield* pair(seed)
        for (const word of text.split(" ")) left.write(`${word} `)
        if (seed % 2 === 0) over.reset()
        else over.breakOff()
        left.write("too late")
        yield* adjust(10_000)
        const told = heard.join("")
        assert.strictEqual(told.endsWith("<close>"), seed % 2 === 0)
        const said = told.replace("<close>", "")
        assert.isTrue(`${text} `.startsWith(said), said)
        lengths.add(said.length)
      }
      assert.isAbove(lengths.size, 3)
    }))

  it.effect("stand still while nothing moves, tell the writer to wait, and go on", () =>
    Effect.gen(function*() {
      const { adjust, left, over, sizes } = yield* pair(1, none)
      let drained = 0
      left.on("drain", () => drained++)
      over.block()
      left.write(new Uint8Array(100_000))
      yield* adjust(60_000)
      assert.deepStrictEqual(sizes, [])
      assert.strictEqual(left.writableLength, 100_000 - 65_536)
      over.resume()
      yield* adjust(1_000)
      assert.strictEqual(sizes.reduce((sum, size) => sum + size, 0), 100_000)
      assert.deepStrictEqual([left.writableLength, drained], [0, 1])
    }))

  it.effect("say nothing any more once whoever had them is dead", () =>
    Effect.gen(function*() {
      const { adjust, heard, left, right } = yield* pair(1, none)
      const said: Array<string> = []
      left.on("data", (chunk) => said.push(chunk.toString())).resume()
      right.write("alive ")
      yield* adjust(1)
      right.abandon()
      right.write("dead")
      left.write("is somebody there?")
      yield* adjust(1_000)
      assert.deepStrictEqual([said, heard], [["alive "], []])
    }))

  it.effect("keep timers that can be stopped", () =>
    Effect.gen(function*() {
      const { adjust, times } = yield* pair(1, none)
      const seen: Array<string> = []
      const stop = times.every(10, () => seen.push(`every ${times.now()}`))
      times.after(25, () => seen.push(`after ${times.now()}`))
      times.after(15, () => seen.push("never"))()
      yield* adjust(30)
      stop()
      yield* adjust(100)
      assert.deepStrictEqual(seen, ["every 10", "every 20", "after 25", "every 30"])
    }))
})
