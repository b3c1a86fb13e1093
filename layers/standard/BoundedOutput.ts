/**
 * What is kept of an output of any length: its first and its last part.
 *
 * @since 0.1.0
 */

const decoder = new TextDecoder()

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

/** Without the bytes of a character that the start cuts in two. */
const fromCharacter = (bytes: Uint8Array): Uint8Array => {
  let start = 0
  while (start < 3 && isContinuation(bytes[start])) start++
  return bytes.subarray(start)
}

/** Without the bytes of a character that the end cuts in two. */
const toCharacter = (bytes: Uint8Array): Uint8Array => {
  let start = bytes.length - 1
  while (start > bytes.length - 4 && isContinuation(bytes[start])) start--
  const lead = bytes[start] ?? 0
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return start + length > bytes.length ? bytes.subarray(0, Math.max(0, start)) : bytes
}

/** Takes bytes as they come, and keeps no more than `limit` of them: the first half, and the newest of the others. */
export class BoundedOutput {
  readonly #head: Uint8Array
  /** A ring: `#tailBytes` counts all that was ever written to it. */
  readonly #tail: Uint8Array
  #headBytes = 0
  #tailBytes = 0

  constructor(limit: number) {
    this.#head = new Uint8Array(Math.ceil(limit / 2))
    this.#tail = new Uint8Array(Math.floor(limit / 2))
  }

  add(chunk: Uint8Array): void {
    const first = chunk.subarray(0, this.#head.length - this.#headBytes)
    this.#head.set(first, this.#headBytes)
    this.#headBytes += first.length
    const rest = chunk.subarray(first.length)
    const size = this.#tail.length
    const kept = rest.subarray(Math.max(0, rest.length - size))
    const at = size === 0 ? 0 : (this.#tailBytes + rest.length - kept.length) % size
    const untilWrap = kept.subarray(0, size - at)
    this.#tail.set(untilWrap, at)
    this.#tail.set(kept.subarray(untilWrap.length))
    this.#tailBytes += rest.length
  }

  /** Whether something was left out. */
  get isTruncated(): boolean {
    return this.#tailBytes > this.#tail.length
  }

  /** As UTF-8; where something was left out, a line says how much. */
  get text(): string {
    const head = this.#head.subarray(0, this.#headBytes)
    if (!this.isTruncated) {
      const whole = new Uint8Array(this.#headBytes + this.#tailBytes)
      whole.set(head)
      whole.set(this.#tail.subarray(0, this.#tailBytes), this.#headBytes)
      return decoder.decode(whole)
    }
    const tail = this.#newest()
    const [before, after] = [toCharacter(head), fromCharacter(tail)]
    const missing = this.#headBytes + this.#tailBytes - before.length - after.length
    return `${decoder.decode(before)}\n[... ${missing.toLocaleString("en")} bytes left out ...]\n${
      decoder.decode(after)
    }`
  }

  /** Its last lines. */
  lastLines(count: number): string {
    return this.text.trimEnd().split("\n").slice(-count).join("\n")
  }

  #newest(): Uint8Array {
    const size = this.#tail.length
    if (size === 0) return this.#tail
    const start = this.#tailBytes % size
    const tail = new Uint8Array(size)
    tail.set(this.#tail.subarray(start))
    tail.set(this.#tail.subarray(0, start), size - start)
    return tail
  }
}
