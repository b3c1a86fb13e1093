/**
 * Computes Fibonacci numbers, and lets others have their turn meanwhile.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { type Fibonacci, FibonacciTooLarge, largestFibonacci } from "../../services/standard/Fibonacci.ts"
import type { TaskDefinition } from "../../src/task/TaskDefinition.ts"

/** What is computed at a stretch: a millisecond or two. */
const stretch = 24

const sum = (n: number): number => n < 2 ? n : sum(n - 1) + sum(n - 2)

/** The same additions as in one recursive function, with a pause now and then. */
const recursive = Effect.fnUntraced(function*(n: number) {
  let total = 0
  const open = [n]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next > stretch) open.push(next - 1, next - 2)
    else {
      total += sum(next)
      yield* Effect.yieldNow
    }
  }
  // Exact: the largest that is allowed has ten digits.
  return BigInt(total)
})

/** From F(k) and F(k + 1) to F(2k) and F(2k + 1), for every binary digit of n. */
const doubling = (n: number): bigint => {
  let [current, next] = [0n, 1n]
  for (const digit of n.toString(2)) {
    const doubled = current * (2n * next - current)
    const after = current * current + next * next
    ;[current, next] = digit === "0" ? [doubled, after] : [after, doubled + after]
  }
  return current
}

/** The Fibonacci number of an index that is not too large. */
export const fibonacci = Effect.fnUntraced(function*({ algorithm, n }: TaskDefinition.Payload<typeof Fibonacci>) {
  const most = largestFibonacci[algorithm]
  if (n > most) return yield* new FibonacciTooLarge({ n, algorithm, most })
  return algorithm === "doubling" ? doubling(n) : yield* recursive(n)
})
