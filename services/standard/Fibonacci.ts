/**
 * Work for a processor.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Task } from "../Task.ts"
import { withDefault } from "./Default.ts"

/** The largest `n` of each algorithm: some ten seconds of work, or a number of two hundred thousand digits. */
export const largestFibonacci = { recursive: 45, doubling: 1_000_000 } as const

/** That `n` would take longer than anybody waits. */
export class FibonacciTooLarge
  extends Schema.TaggedError<FibonacciTooLarge>("cadre/services/standard/Fibonacci/FibonacciTooLarge")(
    "FibonacciTooLarge",
    { n: Schema.Int, algorithm: Schema.String, most: Schema.Int }
  )
{
  override get message(): string {
    return `n is ${this.n}, and may be ${this.most} at most with the algorithm "${this.algorithm}"`
  }
}

/**
 * The Fibonacci number `n`, by default in the way that takes longest: each
 * number as the sum of two that are computed anew. That takes a processor for
 * a time that grows by 1.6 with each `n`, and some seconds at 40. Cancelling it
 * ends it within milliseconds.
 */
export const Fibonacci = Task.make("Fibonacci", {
  payload: {
    n: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({
      description: "at most 45 with recursive, 1000000 with doubling"
    }),
    algorithm: withDefault(
      Schema.Literals(["recursive", "doubling"]).annotate({
        description: "recursive takes exponential time, doubling next to none; recursive where absent"
      }),
      "recursive"
    )
  },
  success: Schema.BigInt,
  error: FibonacciTooLarge
})
