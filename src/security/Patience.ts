/**
 * How often an address may fail to prove who it is: a bucket of attempts each,
 * which fills up again with time. An executor that knows no better and tries
 * again every few seconds is never shut out; who tries in a loop is, and costs
 * neither work nor lines in the log.
 *
 * The number of addresses is bounded: the one that failed longest ago is
 * forgotten first. Times are in milliseconds, of a clock that never goes back.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import * as NetAddress from "effect/net/NetAddress"

/** How patient to be. */
export interface PatienceLimits {
  /** Failures in a row before an address is shut out. */
  readonly burst: number
  /** After so many milliseconds one more is allowed. */
  readonly refillMillis: number
  /** Addresses remembered. */
  readonly addresses: number
  /** An address is named in the log once in so many milliseconds. */
  readonly logMillis: number
}

/** 30 failures, one more every 2 s; each address in the log once in 10 s. */
export const defaultLimits: PatienceLimits = { burst: 30, refillMillis: 2_000, addresses: 4_096, logMillis: 10_000 }

interface Record {
  /** Failures that count at `at`. */
  failures: number
  at: number
  loggedAt: number
  /** Refusals since then, this one too. */
  refusals: number
}

/** What the log should hear of a refusal. */
export interface Noted {
  readonly isLogged: boolean
  /** Refusals of this address since it was last in the log, this one too. */
  readonly refusals: number
}

/** What an address counts as: one for all of an IPv6 network of one site. */
const keyOf = (address: string): string => {
  const [plain = ""] = address.split("%")
  const parsed = NetAddress.ipFromString(plain)
  if (Result.isFailure(parsed)) return address
  const ip = parsed.success
  if (NetAddress.isIpv4Address(ip)) return NetAddress.formatIp(ip)
  return NetAddress.isIpv4Mapped(ip)
    ? NetAddress.ipv6ToOctets(ip).slice(12).join(".")
    : `${NetAddress.ipv6ToSegments(ip).slice(0, 4).join(":")}/64`
}

/** How often addresses failed. */
export class Patience {
  readonly #records = new Map<string, Record>()
  readonly #limits: PatienceLimits

  constructor(limits: PatienceLimits = defaultLimits) {
    this.#limits = limits
  }

  /** How many addresses it remembers. */
  get size(): number {
    return this.#records.size
  }

  /** Whether an address may try. */
  allows(address: string, now: number): boolean {
    const record = this.#records.get(keyOf(address))
    return record === undefined || this.#failuresAt(record, now) <= this.#limits.burst - 1
  }

  /** It has failed, or was refused without a look: that does not keep it out for longer. */
  refused(address: string, now: number, wasTried: boolean): Noted {
    const key = keyOf(address)
    const { addresses, burst, logMillis } = this.#limits
    const record = this.#records.get(key) ?? { failures: 0, at: now, loggedAt: -Infinity, refusals: 0 }
    if (wasTried) {
      record.failures = Math.min(burst, this.#failuresAt(record, now) + 1)
      record.at = now
    }
    record.refusals++
    // The last in the map is the one that failed last.
    this.#records.delete(key)
    this.#records.set(key, record)
    for (const [oldest] of this.#records) {
      if (this.#records.size <= addresses) break
      this.#records.delete(oldest)
    }
    const { refusals } = record
    const isLogged = now - record.loggedAt >= logMillis
    if (isLogged) {
      record.loggedAt = now
      record.refusals = 0
    }
    return { isLogged, refusals }
  }

  #failuresAt(record: Record, now: number): number {
    return Math.max(0, record.failures - Math.max(0, now - record.at) / this.#limits.refillMillis)
  }
}
