/**
 * Sessions of peers that do nothing but call: each lives as long as somebody
 * calls within its time.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Scope } from "effect"
import { SessionLost } from "../../src/protocol/rpc/ExchangeRpcs.ts"
import { ConnectionLost } from "../../src/task/TaskError.ts"
import type { Timing } from "./Timing.ts"

/** One that calls. */
export abstract class Caller {
  readonly scope = Scope.makeUnsafe()
  #waiting: (() => void) | undefined

  /** Whether there is something to tell. */
  abstract readonly hasNews: boolean

  /** Somebody has something to tell. */
  protected tell(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }

  /** Waits until there is something to tell, or the time is over; whoever waited before goes on. */
  news(timing: Timing, millis: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.tell()
      if (this.hasNews || millis === 0) return resume(Effect.void)
      const cancel = timing.after(millis, () => this.tell())
      this.#waiting = () => {
        cancel()
        resume(Effect.void)
      }
    })
  }
}

interface Known<out C> {
  readonly caller: C
  /** Calls that have not been answered. */
  calls: number
  cancel: () => void
}

/** All callers of one role. */
export class Sessions<C extends Caller> {
  readonly #known = new Map<string, Known<C>>()
  readonly #timing: Timing
  readonly #time: number
  readonly #most: number
  readonly #run: (effect: Effect.Effect<void>) => void

  constructor(timing: Timing, time: number, most: number, run: (effect: Effect.Effect<void>) => void) {
    this.#timing = timing
    this.#time = time
    this.#most = most
    this.#run = run
  }

  /** Does something for a session; `make` begins one that is not known. */
  with<A, E>(
    session: string,
    make: (() => Effect.Effect<C> | undefined) | undefined,
    use: (caller: C) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | SessionLost> {
    return Effect.suspend((): Effect.Effect<A, E | SessionLost> => {
      const known = this.#known.get(session)
      if (known !== undefined) return this.#use(known, session, use)
      const making = make?.()
      if (making === undefined) return Effect.fail(new SessionLost({ reason: "it is not known here" }))
      if (this.#known.size >= this.#most) return Effect.fail(new SessionLost({ reason: "there are too many" }))
      return Effect.flatMap(making, (caller) => {
        const begun: Known<C> = { caller, calls: 0, cancel: () => undefined }
        this.#known.set(session, begun)
        return this.#use(begun, session, use)
      })
    })
  }

  /** It wants nothing more. */
  leave(session: string): Effect.Effect<void, SessionLost> {
    return Effect.suspend(() => {
      const known = this.#known.get(session)
      if (known === undefined) return Effect.fail(new SessionLost({ reason: "it is not known here" }))
      this.#known.delete(session)
      known.cancel()
      return Scope.close(known.caller.scope, Exit.void)
    })
  }

  /** No timer of them is left. */
  dispose(): void {
    for (const { cancel } of this.#known.values()) cancel()
  }

  #use<A, E>(known: Known<C>, session: string, use: (caller: C) => Effect.Effect<A, E>): Effect.Effect<A, E> {
    known.cancel()
    known.calls++
    const done = Effect.sync(() => {
      if (--known.calls === 0 && this.#known.get(session) === known) this.#expire(known, session)
    })
    return Effect.ensuring(Effect.suspend(() => use(known.caller)), done)
  }

  #expire(known: Known<C>, session: string): void {
    known.cancel = this.#timing.after(this.#time, () => {
      this.#known.delete(session)
      const reason = `nothing was heard from it for ${this.#time} ms`
      this.#run(Scope.close(known.caller.scope, Exit.fail(new ConnectionLost({ reason }))))
    })
  }
}
