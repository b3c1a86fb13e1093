/**
 * A server in another process, or on another machine. Submitters and executors
 * have the ports that one of this process would give them; a connection that is
 * lost is made again, and they do not notice.
 *
 * @since 0.1.0
 */
import { Cause, Clock, Duration, Effect, Exit, Fiber, type Redacted, Schedule, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import type { ConnectionOptions } from "node:tls"
import type { BlobStore } from "../../services/BlobStore.ts"
import type { ExecutorPool } from "../../services/ExecutorPool.ts"
import type { Operator } from "../../services/Operator.ts"
import type { Server } from "../../services/Server.ts"
import { type Address, type AddressInvalid, parse } from "../../src/protocol/Address.ts"
import type { WireEncoding } from "../../src/protocol/Greeting.ts"
import type { Role } from "../../src/security/Role.ts"
import { afterTurn } from "../TurnScheduler.ts"
import { Blobs } from "./Blobs.ts"
import * as Calling from "./Calling.ts"
import { dial, type Dialled, type Dialling } from "./Dial.ts"
import { ExecutorRemote } from "./ExecutorRemote.ts"
import * as FrameCodec from "./FrameCodec.ts"
import { Line, mostAnswer } from "./Line.ts"
import * as Serialization from "./Serialization.ts"
import { SubmitterRemote } from "./SubmitterRemote.ts"
import type { Talk } from "./Talk.ts"
import { TaskNames } from "./TaskNames.ts"
import { Timing } from "./Timing.ts"
import type { ConnectError } from "./Unreachable.ts"

/** Where the server is, and who comes. */
export interface Options {
  /** `unix:/path`, `tcp://host:port` or `tls://host:port`. */
  readonly address: string | Address
  /** What it is to be let in as; all of it where absent. */
  readonly roles?: ReadonlyArray<Role>
  /** Who it is, for people to read. */
  readonly name?: string
  /** Several stand in one, with spaces between. */
  readonly token?: Redacted.Redacted<string>
  /** The authority of the server's certificate; key and certificate of its own, where that is what lets it in. */
  readonly tls?: ConnectionOptions
  readonly encoding?: WireEncoding
  /** When to try again after a connection was lost; where it ends, all is lost. By default within ten minutes. */
  readonly reconnect?: Schedule.Schedule<unknown, ConnectError>
  /** How long one attempt may take. */
  readonly patience?: Duration.Input
  /** How often executors say that they live, at least; where the server's lease time is short, within a third of that. */
  readonly heartbeat?: Duration.Input
  /** Bytes that may wait while there is no connection, for each session. */
  readonly waiting?: number
  /** Where large payloads are kept that have come from the server: a folder that the executors of a machine share. */
  readonly cache?: BlobStore["Service"]
}

/** A server elsewhere. */
export interface Remote {
  readonly server: Server["Service"]
  readonly operator: Operator["Service"]
  /** Of a server on this machine, reached over a unix socket. */
  readonly pool: ExecutorPool["Service"]
  /** Whether there is a connection now. */
  readonly isConnected: () => boolean
  /** Cuts the connection, as a fault would. */
  readonly interrupt: () => void
  /** Done once no connection will come any more, with the reason. */
  readonly lost: Effect.Effect<string>
}

/** Ever less often, up to every two seconds, for ten minutes: it comes a quarter of the time of the outage late at most. */
const patiently = Schedule.max([
  Schedule.min([Schedule.exponential("20 millis", 1.25), Schedule.spaced("2 seconds")]),
  Schedule.during("10 minutes")
])

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/**
 * Who was let in before is let in again, unless its token was taken away: a
 * refusal may be all that is left of a greeting that did not come through.
 */
const mostRefusals = 5

/** Connects, and stays connected until the scope is left. */
export const connect = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Remote, AddressInvalid | ConnectError, Scope.Scope> {
    const address = typeof options.address === "string" ? parse(options.address) : options.address
    if (address._tag === "AddressInvalid") return yield* address
    const dialling: Dialling = {
      address,
      roles: options.roles ?? ["submitter", "executor", "operator"],
      encoding: options.encoding ?? "binary",
      name: options.name ?? `process ${process.pid}`,
      token: options.token,
      tls: options.tls,
      patience: Duration.toMillis(options.patience ?? "10 seconds")
    }
    return yield* connectBy(dial(dialling), options)
  }
)

/** Connects by what gives a connection whenever it is asked. */
export const connectBy = Effect.fnUntraced(
  function*(
    dial: Effect.Effect<Dialled, ConnectError>,
    options: Pick<Options, "encoding" | "reconnect" | "heartbeat" | "waiting" | "cache">
  ): Effect.fn.Return<Remote, ConnectError, Scope.Scope> {
    const { encoding = "binary", waiting = 256 * 2 ** 20 } = options
    const usual = Duration.toMillis(options.heartbeat ?? "5 seconds")
    const clock = yield* Clock.Clock
    const later = yield* afterTurn
    const context = yield* Effect.context()
    const timing = yield* Timing
    const reconnect = options.reconnect ?? patiently
    let isClosed = false
    let why = ""
    let trying: Fiber.Fiber<void> | undefined
    let onLost: ((reason: string) => void) | undefined

    const serialization = yield* Serialization.of(encoding, mostAnswer)
    const first = yield* dial
    const calling = yield* Calling.make((message) => line.call(message), serialization)
    const line = new Line(first.info, encoding, FrameCodec.peer(), serialization, {
      answered: (message) => calling.answered(message),
      down: (reason) => {
        calling.down(reason)
        if (isClosed) return
        why = reason
        trying = Effect.runForkWith(context)(again)
      }
    }, timing)
    const lose = (reason: string) => {
      line.lose(reason)
      onLost?.(reason)
    }
    let refusals = 0
    const isTransient = ({ _tag }: ConnectError) =>
      _tag === "Unreachable" || (_tag === "NotAdmitted" && ++refusals < mostRefusals)
    const again: Effect.Effect<void> = Effect.suspend(() =>
      Effect.retry(dial, { schedule: reconnect, while: isTransient })
    ).pipe(
      Effect.match({
        onFailure: (error) => isClosed ? undefined : lose(`${why}, and ${error.message}`),
        onSuccess: (dialled) => {
          refusals = 0
          if (isClosed) dialled.socket.destroy()
          else line.up(dialled)
        }
      })
    )
    line.up(first)
    // Often enough for a server that waits less long than most do.
    const heartbeat = Math.min(usual, (first.info.leaseTime ?? Infinity) / 3)
    const quiet = timing.every(heartbeat, () => line.beat(3 * usual))
    const names = new TaskNames(clock, () => line.info)
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        isClosed = true
        quiet()
        line.cut("it was closed")
        line.lose("it was closed")
        return trying === undefined ? Effect.void : Fiber.interrupt(trying)
      })
    )

    const blobs = new Blobs(calling.blobs, options.cache, () => isClosed || line.isLost)
    const run = (effect: Effect.Effect<void>) => void Effect.runForkWith(context)(effect)
    const secret = () => randomBytes(16).toString("hex")
    const opened = (talk: Talk) =>
      Effect.callback<void>((resume) => {
        talk.onOpen = () => resume(Effect.void)
        talk.start()
      })
    const left = (talk: Talk, leave: () => void) =>
      Effect.callback<void>((resume) => {
        if (talk.isOver) return resume(Effect.void)
        talk.onOver = () => resume(Effect.void)
        leave()
      })

    const server: Server["Service"] = {
      get info() {
        return line.info
      },
      connect: (submitter) =>
        Effect.map(
          Effect.acquireRelease(
            Effect.suspend(() => {
              const talk = new SubmitterRemote(line, secret(), waiting, submitter, names, later, blobs, run)
              return Effect.as(opened(talk), talk)
            }),
            (talk) => left(talk, () => talk.leave())
          ),
          (talk) => talk.port
        ),
      attach: (spec) =>
        Effect.map(
          Effect.acquireRelease(
            Effect.suspend(() => {
              const talk = new ExecutorRemote(line, secret(), waiting, spec, names, later, heartbeat, blobs, run)
              return Effect.as(opened(talk), talk)
            }),
            (talk, exit) => {
              const isClean = Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)
              return left(talk, () => talk.leave(isClean ? undefined : messageOf(Cause.squash(exit.cause))))
            }
          ),
          (talk) => talk.port
        ),
      ...calling.server
    }
    return {
      server,
      operator: calling.operator,
      pool: calling.pool,
      isConnected: () => line.isUp,
      interrupt: () => line.cut("it was interrupted"),
      lost: Effect.callback<string>((resume) => {
        onLost = (reason) => resume(Effect.succeed(reason))
      })
    }
  }
)
