import { assert } from "@effect/vitest"

const isAlike = (left: unknown, right: unknown): boolean => {
  if (left === right) return true
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
  return left.every((item, index) => item === right[index])
}

/**
 * The assertions that are made millions of times: what holds costs next to
 * nothing, what does not is left to `assert` to tell.
 */
export const check = {
  isTrue: (value: boolean | undefined, message: string | (() => string)): void => {
    if (value !== true) assert.fail(typeof message === "string" ? message : message())
  },
  isFalse: (value: boolean, message: string): void => {
    if (value) assert.fail(message)
  },
  isUndefined: (value: unknown, message: string): void => {
    if (value !== undefined) assert.isUndefined(value, message)
  },
  isDefined: (value: unknown, message: string): void => {
    if (value === undefined) assert.isDefined(value, message)
  },
  strictEqual: <A>(actual: A, expected: A, message: string): void => {
    if (actual !== expected) assert.strictEqual(actual, expected, message)
  },
  isAtMost: (actual: number, most: number, message: string): void => {
    if (!(actual <= most)) assert.isAtMost(actual, most, message)
  },
  isAbove: (actual: number, least: number, message: string): void => {
    if (!(actual > least)) assert.isAbove(actual, least, message)
  },
  /** Lists of the same items; anything else is looked at in depth. */
  deepStrictEqual: <A>(actual: A, expected: A, message: string): void => {
    if (!isAlike(actual, expected)) assert.deepStrictEqual(actual, expected, message)
  },
  /** An object with those properties, at least. */
  includes: <A extends object>(actual: A | undefined, expected: Partial<A>, message: string): void => {
    // Its own keys are those of what it is compared with.
    const keys = Object.keys(expected) as Array<keyof A>
    if (actual === undefined || keys.some((key) => actual[key] !== expected[key])) {
      assert.fail(`${message}: ${JSON.stringify(actual)} and not ${JSON.stringify(expected)}`)
    }
  },
  fail: (message: string): never => assert.fail(message)
}
