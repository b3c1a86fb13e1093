/** The assertions of the workloads, for programs that no test runner runs. */
import { deepStrictEqual, ok, strictEqual } from "node:assert"

const said = (left: unknown, what: string, right: unknown): string =>
  `${JSON.stringify(left)} is not ${what} ${JSON.stringify(right)}`

export const assert = {
  strictEqual: (left: unknown, right: unknown) => strictEqual(left, right),
  deepStrictEqual: (left: unknown, right: unknown) => deepStrictEqual(left, right),
  isTrue: (value: boolean, message?: string) => ok(value, message ?? "it is not so"),
  isFalse: (value: boolean, message?: string) => ok(!value, message ?? "it is so"),
  isAtMost: (left: number, right: number) => ok(left <= right, said(left, "at most", right)),
  isAtLeast: (left: number, right: number) => ok(left >= right, said(left, "at least", right)),
  isAbove: (left: number, right: number) => ok(left > right, said(left, "above", right)),
  include: (all: ReadonlyArray<unknown>, one: unknown) => ok(all.includes(one), said(one, "one of", all)),
  lengthOf: ({ length }: { readonly length: number }, expected: number) =>
    ok(length === expected, said(length, "the length", expected))
}
