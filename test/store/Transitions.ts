import { Schema } from "effect"
import type { Transition } from "../../src/dispatch/Command.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import { Outcome } from "../../src/task/Outcome.ts"

const specials = [
  -0,
  0,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 32,
  2 ** 32 - 1,
  2 ** 53 - 1,
  1.7e12 + 0.125,
  -1,
  255,
  256
]
const below = (end: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: end - 1 }))
const Special = below(specials.length)
const AnyNumber = Schema.Union([Schema.Number, Schema.Struct({ special: Special })])

const kinds = [
  "Accepted",
  "Assigned",
  "Started",
  "Adopted",
  "Released",
  "Retrying",
  "Stopping",
  "Ended",
  "Joined",
  "Left",
  "Forgotten"
] as const

/** What transitions are made of. */
export const Drafts = Schema.Struct({
  first: below(2 ** 52),
  /** How much of it is the same for all. */
  alike: below(4),
  all: Schema.Array(Schema.Struct({
    at: AnyNumber,
    kind: Schema.Literals(kinds),
    task: AnyNumber,
    count: Schema.Union([Schema.Literal(1), below(2 ** 53)]),
    epoch: Schema.Union([below(3), below(2 ** 53)]),
    executorId: Schema.optionalKey(ExecutorId),
    detail: Schema.optionalKey(Schema.Union([Outcome, Outcome, Schema.String, AnyNumber]))
  }))
})

const numberOf = (drawn: typeof AnyNumber.Type): number => typeof drawn === "number" ? drawn : specials[drawn.special]!

/** Any transitions whose numbers have no gap. */
export const transitionsOf = ({ alike, all, first }: typeof Drafts.Type): ReadonlyArray<Transition> =>
  all.map(({ at, count, detail, epoch, executorId, kind, task }, index) => ({
    sequence: first + index,
    at: numberOf(alike > 1 ? all[0]!.at : at),
    kind,
    task: alike > 2 ? 2 ** 40 + index : numberOf(task),
    count: alike > 0 ? 1 : count,
    epoch: alike > 1 ? 1 : epoch,
    executorId,
    detail: typeof detail === "object" && "special" in detail ? specials[detail.special] : detail
  }))
