/**
 * JSON text that reads back as exactly the value it was written from:
 * `JSON.stringify` turns -0 to 0 and silently drops or replaces what JSON has
 * no word for.
 *
 * @since 0.1.0
 */
import { refusal } from "./Coding.ts"

// A zero between separators may have been a -0. It may also be part of a string, which costs only time.
const mayHaveNegativeZero = /(?:^|[:[,])0(?:$|[\]},])/

/** Writes JSON that was validated before. Throws a `RangeError` for what is too deep, or goes in a circle. */
export const write = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text === undefined || mayHaveNegativeZero.test(text) ? writeStrictly(value) : text
}

/** Writes what may not be JSON; throws a `SchemaError` that points at the first part that is not. */
export const writeStrictly = (value: unknown): string => {
  const path: Array<PropertyKey> = []
  const member = (value: unknown, key: PropertyKey): string => {
    path.push(key)
    const text = go(value)
    path.pop()
    return text
  }
  const go = (value: unknown): string => {
    if (value === null || typeof value === "boolean") return String(value)
    if (typeof value === "string") return JSON.stringify(value)
    if (typeof value === "number" && Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value)
    if (Array.isArray(value)) return `[${Array.from(value, member).join(",")}]`
    if (typeof value === "object" && isPlain(value)) {
      const entries = Object.entries(value).map(([key, value]) => `${JSON.stringify(key)}:${member(value, key)}`)
      return `{${entries.join(",")}}`
    }
    throw refusal(`Expected JSON, got ${nameOf(value)}`, path)
  }
  return go(value)
}

const nameOf = (value: unknown): string => {
  if (typeof value === "number") return String(value)
  return typeof value === "object"
    ? "an instance of a class"
    : typeof value === "undefined"
    ? "undefined"
    : `a ${typeof value}`
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text in UTF-8. Text that `write` made is well formed, so nothing is lost. */
export const toUtf8 = (text: string): Uint8Array => {
  // A short text is cheaper to copy than to hand to the encoder.
  if (text.length > 64) return encoder.encode(text)
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7F) return encoder.encode(text)
    bytes[index] = unit
  }
  return bytes
}

/** Reads JSON in UTF-8. Throws a `TypeError` or a `SyntaxError` for anything else, down to its last byte. */
export const read = (bytes: Uint8Array): unknown => JSON.parse(decoder.decode(bytes))
