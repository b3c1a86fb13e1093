/**
 * Idempotency keys: which task a submitter handed over under which key.
 *
 * @since 0.1.0
 */

/** The task that has a key, and the hash of its payload. */
export interface Keyed {
  readonly task: number
  readonly hash: number
}

/** Each submitter has keys of its own. */
export class Keys {
  readonly #keys = new Map<string, Map<string, Keyed>>()
  size = 0

  find(submitter: string, key: string): Keyed | undefined {
    return this.#keys.get(submitter)?.get(key)
  }

  /** The key must be free. */
  add(submitter: string, key: string, keyed: Keyed): void {
    let keys = this.#keys.get(submitter)
    if (keys === undefined) {
      keys = new Map()
      this.#keys.set(submitter, keys)
    }
    keys.set(key, keyed)
    this.size++
  }

  remove(submitter: string, key: string): void {
    const keys = this.#keys.get(submitter)
    if (keys?.delete(key) !== true) return
    this.size--
    if (keys.size === 0) this.#keys.delete(submitter)
  }
}
