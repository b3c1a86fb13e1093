import { assert, describe, it } from "@effect/vitest"
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { capacity, Claims } from "../../src/protocol/Claims.ts"

const source = new URL("../../src/protocol/Claims.ts", import.meta.url)

/** Claims all of them at each call of the bell, from the first to the last, and says which it got. */
const claimant = `
  import { parentPort, workerData } from "node:worker_threads"
  const { Claims } = await import(${JSON.stringify(source.href)})
  const claims = new Claims(workerData.buffer)
  parentPort.postMessage("ready")
  for (let round = 1; round <= workerData.rounds; round++) {
    while (claims.rings < round);
    const got = []
    for (let claim = 0; claim < workerData.count; claim++) if (claims.claim(claim)) got.push(claim)
    parentPort.postMessage(got)
  }`

describe("claims", () => {
  it("belong to whoever came first, and are known to both", () => {
    const claims = new Claims()
    const other = new Claims(claims.buffer)
    for (const claim of [0, 1, capacity - 1]) claims.hand(claim)
    assert.isTrue(other.claim(0))
    assert.isFalse(other.claim(0))
    assert.isFalse(claims.takeBack(0))
    assert.isTrue(claims.isStarted(0))
    assert.strictEqual(claims.latest, 0)
    assert.isTrue(claims.takeBack(1))
    assert.isFalse(other.claim(1))
    assert.isFalse(claims.isStarted(1))
    assert.isTrue(other.claim(capacity - 1))
    assert.strictEqual(claims.latest, capacity - 1)
    claims.hand(0)
    assert.isFalse(claims.isStarted(0))
    assert.isTrue(other.claim(0))
    other.tell(12.5, 99)
    assert.deepStrictEqual(claims.told, { busy: 12.5, at: 99 })
  })

  it("go to exactly one of two sides that race for them", async () => {
    const [count, rounds] = [4_000, 300]
    const claims = new Claims()
    const data = { buffer: claims.buffer, count, rounds }
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(claimant)}`), { workerData: data })
    try {
      assert.deepStrictEqual(await once(worker, "message"), ["ready"])
      let taken = 0
      for (let round = 0; round < rounds; round++) {
        for (let claim = 0; claim < count; claim++) claims.hand(claim)
        const said = once(worker, "message")
        claims.ring()
        const back: Array<number> = []
        for (let claim = 0; claim < count; claim++) if (claims.takeBack(claim)) back.push(claim)
        const [got] = await said as [ReadonlyArray<number>]
        assert.deepStrictEqual([got.length + back.length, new Set([...got, ...back]).size], [count, count])
        assert.isTrue(got.every((claim) => claims.isStarted(claim)))
        taken += back.length
      }
      assert.isAbove(taken, 0)
    } finally {
      await worker.terminate()
    }
  })
})
