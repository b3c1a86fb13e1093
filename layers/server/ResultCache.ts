/**
 * Results of tasks that say that a result may stand for later ones: by the
 * task's library, version and fingerprint, and by the payload.
 *
 * @since 0.1.0
 */
import { Option, Schema } from "effect"
import { createHash } from "node:crypto"
import type { Entry } from "../../src/dispatch/Event.ts"
import type { Submitted } from "../../src/protocol/SubmitterPort.ts"
import type { StoredValue } from "../../src/store/Stored.ts"
import type { Outcome } from "../../src/task/Outcome.ts"
import { Encoding } from "../../src/task/Payload.ts"
import type { TaskSpec } from "../../src/task/TaskSpec.ts"
import type { Held } from "./Held.ts"
import { payloadAt } from "./Messages.ts"

/** Where the store keeps them. */
export const space = "cache"

/** Bytes of results in memory; the ones that were used last stay. */
const most = 64 * 2 ** 20
/** A larger result is not kept. */
const largest = 256 * 2 ** 10

type Succeeded = Extract<Outcome, { readonly _tag: "Succeeded" }>

interface Kept {
  readonly outcome: Succeeded
  readonly until: number
}

const keyOf = ({ encoding, requirement }: TaskSpec, payload: Uint8Array): string => {
  const { fingerprint, library, taskName, version } = requirement
  return createHash("sha256").update(JSON.stringify([library, version, taskName, fingerprint, encoding]))
    .update(payload).digest("base64url")
}

const isEncoding = Schema.is(Encoding)

/** Those of one server. */
export class ResultCache {
  readonly #keep: (value: StoredValue) => void
  /** In the order in which they were used last. */
  readonly #results = new Map<string, Kept>()
  #size = 0

  constructor(keep: (value: StoredValue) => void) {
    this.#keep = keep
  }

  /** What the store has of them. */
  restore(values: ReadonlyArray<StoredValue>): void {
    for (const { key, until = 0, value } of values) {
      const encoding = value && Encoding.literals[value[0] ?? -1]
      if (value === undefined || !isEncoding(encoding)) continue
      this.#set(key, { outcome: { _tag: "Succeeded", value: { encoding, bytes: value.subarray(1) } }, until })
    }
  }

  /** The entry with all results that are known. */
  answer({ blobs, payloads }: Submitted, entry: Entry, now: number): Entry {
    if (entry.spec.cache === undefined || this.#results.size === 0 || blobs !== undefined || entry.refs !== undefined) {
      return entry
    }
    const cached: Array<readonly [number, Outcome]> = []
    for (let index = 0; index < entry.count; index++) {
      const found = this.#find(keyOf(entry.spec, payloadAt(payloads, index)), now)
      if (Option.isSome(found)) cached.push([index, found.value])
    }
    return cached.length === 0 ? entry : { ...entry, cached }
  }

  /** A task has ended so; its payload is still held. */
  keep(held: Held | undefined, index: number, outcome: Succeeded, now: number): void {
    const spec = held?.stored.entry.spec
    if (held === undefined || spec?.cache === undefined || held.stored.entry.refs !== undefined) return
    const found = held.find(index)
    const { blob, bytes, encoding } = outcome.value
    if (found === undefined || found.blob !== undefined || blob !== undefined || bytes.byteLength > largest) return
    const key = keyOf(spec, found.payload)
    const until = now + spec.cache
    // A copy: the bytes may be a view of a whole message.
    const value = new Uint8Array(1 + bytes.byteLength)
    value[0] = Encoding.literals.indexOf(encoding)
    value.set(bytes, 1)
    this.#set(key, { outcome: { _tag: "Succeeded", value: { encoding, bytes: value.subarray(1) } }, until })
    this.#keep({ space, key, value, until })
  }

  #find(key: string, now: number): Option.Option<Outcome> {
    const kept = this.#results.get(key)
    if (kept === undefined) return Option.none()
    this.#remove(key, kept)
    if (kept.until <= now) return Option.none()
    this.#set(key, kept)
    return Option.some(kept.outcome)
  }

  #set(key: string, kept: Kept): void {
    const before = this.#results.get(key)
    if (before !== undefined) this.#remove(key, before)
    this.#results.set(key, kept)
    this.#size += kept.outcome.value.bytes.byteLength + 128
    for (const [oldest, other] of this.#results) {
      if (this.#size <= most) return
      this.#remove(oldest, other)
    }
  }

  #remove(key: string, { outcome }: Kept): void {
    this.#results.delete(key)
    this.#size -= outcome.value.bytes.byteLength + 128
  }
}
