/**
 * Lets peers in other processes, and on other machines, reach the server of
 * this one.
 *
 * @since 0.1.0
 */
import { Effect, Scope } from "effect"
import type { TlsOptions } from "node:tls"
import type { BlobStore } from "../../services/BlobStore.ts"
import type { ExecutorPool } from "../../services/ExecutorPool.ts"
import type { Operator } from "../../services/Operator.ts"
import type { Server } from "../../services/Server.ts"
import { type Address, type AddressInvalid, parse } from "../../src/protocol/Address.ts"
import { answerLine, type WireEncoding } from "../../src/protocol/Greeting.ts"
import { Budget } from "../../src/protocol/session/Assembly.ts"
import type { Open } from "../../src/protocol/session/Frame.ts"
import type { BindRefused } from "../../src/security/Binding.ts"
import type { Claim, Verdict } from "../../src/security/Claim.ts"
import { defaultLimits, Patience } from "../../src/security/Patience.ts"
import * as Calls from "./Calls.ts"
import * as Door from "./Door.ts"
import * as Exchange from "./Exchange.ts"
import { ExecutorSeat } from "./ExecutorSeat.ts"
import * as FrameCodec from "./FrameCodec.ts"
import { type AnySeat, Guest, type Host } from "./Guest.ts"
import { type Limits, settle } from "./Limits.ts"
import type { AddressInUse, ListenFailed } from "./ListenFailed.ts"
import * as Serialization from "./Serialization.ts"
import { SubmitterSeat } from "./SubmitterSeat.ts"
import { Timing } from "./Timing.ts"
import { mostFrame, type Pipe, Wire } from "./Wire.ts"

/** What peers reach, and what they may take of it. */
export interface Reached {
  readonly server: Server["Service"]
  /** Absent where nobody is to see or steer the server from elsewhere. */
  readonly operator?: Operator["Service"]
  /** Absent where the server starts no executors. */
  readonly pool?: ExecutorPool["Service"]
  /** Where large payloads and results are kept; without it there are none. */
  readonly blobs?: BlobStore["Service"]
  readonly limits?: Limits
  /** A connection has ended, whether it may come back or not. */
  readonly left?: () => void
}

/** Where to listen, for whom, and what they reach. */
export interface Options extends Reached {
  /** `unix:/path`, `tcp://host:port` or `tls://host:port`. Port 0 is any that is free. */
  readonly address: string | Address
  /** Says what a peer may do; anywhere but on a unix socket there has to be one. */
  readonly verify?: (claim: Claim) => Verdict
  /** Key and certificate; with `ca`, peers may show certificates of that authority. */
  readonly tls?: TlsOptions
}

/** Peers that are connected, as far as that is anybody's business. */
export interface GuestView {
  readonly name: string
  readonly roles: ReadonlyArray<string>
  readonly sessions: number
}

/** Who is there. */
export interface House {
  /** Somebody was let in. */
  readonly admitted: (admitted: Omit<Door.Admitted, "socket"> & { readonly socket: Pipe }) => void
  readonly guests: () => ReadonlyArray<GuestView>
  /** Sessions, those included whose connection is lost. */
  readonly sessions: () => number
}

/** A listener while it listens. */
export interface Listening extends Omit<House, "admitted"> {
  /** With the port that it got. */
  readonly address: Address
}

/** Why it does not listen. */
export type ListenError = AddressInvalid | AddressInUse | ListenFailed | BindRefused

/** Has those who are let in, until the scope is left; `isNear` if they come over a unix socket. */
export const host = Effect.fnUntraced(
  function*(options: Reached, isNear: boolean): Effect.fn.Return<House, never, Scope.Scope> {
    const { server } = options
    const limits = settle(options.limits ?? {})
    const timing = yield* Timing
    const context = yield* Effect.context()
    const run = (effect: Effect.Effect<void>) => void Effect.runForkWith(context)(effect)
    const budget = new Budget(limits.unfinishedInAll)
    const seats = new Map<string, AnySeat>()
    const guests = new Set<Guest>()
    const patience = new Patience({ ...defaultLimits, logMillis: limits.logTime })
    const opening = new Map<string, () => void>()
    let isClosed = false
    let guestIds = 0

    const house = { limits, timing, run, forget: (session: string) => void seats.delete(session) }

    const admit = (guest: Guest, seat: AnySeat, { channel, received }: Open, isResumed: boolean) => {
      guest.opening.delete(channel)
      // Whoever began it did not wait for the answer.
      if (guest.isGone) return seat.visit === undefined ? seat.await() : undefined
      if (seat.visit instanceof Guest) seat.visit.seats.delete(seat.channel)
      if (!seat.attach(guest, channel, received)) {
        return guest.denied(channel, "the session has gone on without what it says that it has")
      }
      guest.seats.set(channel, seat)
      guest.opened(seat, isResumed)
    }

    const begin = (guest: Guest, open: Open) => {
      const { as, session } = open
      const seat = as._tag === "submitter"
        ? new SubmitterSeat(session, house, as.name, budget)
        : new ExecutorSeat(session, house, { ...as.spec, heartbeat: true })
      seat.begun = open.begun
      seats.set(session, seat)
      guest.opening.add(open.channel)
      opening.set(session, () => admit(guest, seat, { ...open, received: 0 }, false))
      run(Effect.map(seat.start(server), () => {
        const ready = opening.get(session)
        opening.delete(session)
        if (!isClosed) ready?.()
      }))
    }

    /** For the log, what peers did that they may not: each address once in a while. */
    const note = ({ from }: Guest, what: string) => {
      const { isLogged, refusals } = patience.refused(from, timing.now(), true)
      const more = refusals > 1 ? `, ${refusals} times by now` : ""
      if (isLogged) run(Effect.logWarning(`A peer from ${from} ${what}${more}`))
    }
    const deny = (guest: Guest, channel: number, reason: string) => {
      note(guest, `was refused a session: ${reason}`)
      guest.denied(channel, reason)
    }

    const isHere = (executorId: string): boolean =>
      seats.values().some((seat) =>
        seat instanceof ExecutorSeat && seat.visit !== undefined && seat.spec.executorId === executorId
      )

    const open = (guest: Guest, open: Open) => {
      const { as, channel, session } = open
      if (guest.seats.has(channel) || guest.opening.has(channel)) {
        return guest.cut(`channel ${channel} is open already`)
      }
      if (!guest.roles.has(as._tag)) return deny(guest, channel, `it was not let in as ${as._tag}`)
      if (guest.seats.size + guest.opening.size >= limits.sessions) {
        return deny(guest, channel, "it has too many sessions")
      }
      const seat = seats.get(session)
      if (seat === undefined) {
        // Started again it takes a new id: this one is somebody else.
        if (as._tag === "executor" && isHere(as.spec.executorId)) {
          return deny(guest, channel, "another executor of that id is connected")
        }
        return seats.size < limits.sessionsInAll
          ? begin(guest, open)
          : deny(guest, channel, "the server has too many sessions")
      }
      const isSame = seat instanceof SubmitterSeat
        ? as._tag === "submitter" && seat.name === as.name
        : as._tag === "executor" && seat.spec.executorId === as.spec.executorId
      if (!isSame) return deny(guest, channel, "the session is another's")
      // Of the one that is there it has not heard: what it says that it has is of one before.
      const isUnheard = open.begun !== undefined && open.begun === seat.begun
      if (seat.isReady) return admit(guest, seat, isUnheard ? { ...open, received: 0 } : open, !isUnheard)
      guest.opening.add(channel)
      // Still being connected, for a connection that is lost meanwhile.
      opening.set(session, () => admit(guest, seat, { ...open, received: 0 }, false))
    }

    const serializations = {
      binary: yield* Serialization.of("binary", mostFrame),
      ndjson: yield* Serialization.of("ndjson", mostFrame)
    }
    const exchange = Exchange.make(server, timing, limits, run)
    const called = {
      exchange: exchange.handlers,
      server,
      operator: options.operator,
      pool: options.pool,
      blobs: options.blobs
    }
    const scope = yield* Effect.scope
    /** Made with the first call: a server starts sooner without. */
    const lazily = (encoding: WireEncoding): Calls.Calls => {
      let made: Calls.Calls | undefined
      const early: Array<Parameters<Calls.Calls["take"]>> = []
      const make = Effect.map(
        Scope.provide(Calls.make(called, serializations[encoding], limits.calls), scope),
        (calls) => {
          made = calls
          for (const [guest, message] of early.splice(0)) if (!guest.isGone) calls.take(guest, message)
        }
      )
      return {
        take: (guest, message) => {
          if (made !== undefined) return made.take(guest, message)
          if (early.push([guest, message]) === 1) run(make)
        },
        left: (guest) => made?.left(guest)
      }
    }
    const calls = { binary: lazily("binary"), ndjson: lazily("ndjson") }
    const host: Host = {
      timing,
      codecs: FrameCodec.listener(),
      open,
      asked: (guest, message) => calls[guest.encoding].take(guest, message),
      left: (guest, reason, isBreach) => {
        if (isBreach) note(guest, `was cut off: ${reason}`)
        guests.delete(guest)
        calls[guest.encoding].left(guest)
        options.left?.()
      }
    }

    const admitted: House["admitted"] = ({ from, greeting, name, rest, roles, socket }) => {
      socket.write(answerLine({ _tag: "Welcome", cadre: greeting.cadre, info: server.info }))
      const wire = new Wire(socket, greeting.encoding, timing, mostFrame, false)
      const about = { id: guestIds++, roles, name, encoding: greeting.encoding, isNear, from: from ?? "elsewhere" }
      const guest = new Guest(about, wire, host, serializations[greeting.encoding])
      guests.add(guest)
      guest.listen(rest)
    }

    // Peers that are silent for too long are gone, whatever their sockets say.
    const unwatch = timing.every(Math.max(10, limits.idleTime / 4), () => {
      const since = timing.now() - limits.idleTime
      for (const guest of guests) if (guest.readAt < since) guest.cut("nothing was heard from it for too long", false)
    })
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosed = true
        unwatch()
        exchange.dispose()
        for (const guest of guests) guest.cut("the server is closing", false)
        for (const seat of seats.values()) seat.dispose()
      })
    )
    return {
      admitted,
      guests: () => [...guests].map(({ name, roles, seats }) => ({ name, roles: [...roles], sessions: seats.size })),
      sessions: () => seats.size
    }
  }
)

/** Listens until the scope is left. */
export const listen = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Listening, ListenError, Scope.Scope> {
    const address = typeof options.address === "string" ? parse(options.address) : options.address
    if (address._tag === "AddressInvalid") return yield* address
    const context = yield* Effect.context()
    const { admitted, guests, sessions } = yield* host(options, address._tag === "Unix")
    const at = yield* Door.open({
      address,
      tls: options.tls,
      verify: options.verify,
      limits: settle(options.limits ?? {}),
      admitted,
      refused: (message) => void Effect.runForkWith(context)(Effect.logWarning(message))
    })
    return { address: at, guests, sessions }
  }
)
