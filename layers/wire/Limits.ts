/**
 * What peers may take of a server.
 *
 * @since 0.1.0
 */
import { Duration } from "effect"

/** All of it has defaults. Sizes are bytes. */
export interface Limits {
  /** How long a session is kept whose connection is lost. */
  readonly sessionTime?: Duration.Input
  /** How long a connection may be silent. */
  readonly idleTime?: Duration.Input
  /** How long a peer may take to say who it is. */
  readonly handshakeTime?: Duration.Input
  /** An address whose peers are not let in, or are cut off, is named in the log once in so long a time. */
  readonly logTime?: Duration.Input
  /** Connections at a time, those included that have not been let in. */
  readonly connections?: number
  /** Connections that have not been let in, at a time. */
  readonly strangers?: number
  /** Sessions of one connection. */
  readonly sessions?: number
  /** Sessions of all connections, those included whose connection is lost. */
  readonly sessionsInAll?: number
  /** Of what one session has not taken from the server, and of what the server has not taken from it. */
  readonly window?: number
  /** Of the submissions of one session that come in pieces and are not whole. */
  readonly unfinished?: number
  /** The same of all sessions. */
  readonly unfinishedInAll?: number
  /** Calls of one connection that have not been answered. */
  readonly calls?: number
}

/** Milliseconds, bytes and numbers. */
export interface Settled {
  readonly sessionTime: number
  readonly idleTime: number
  readonly handshakeTime: number
  readonly logTime: number
  readonly connections: number
  readonly strangers: number
  readonly sessions: number
  readonly sessionsInAll: number
  readonly window: number
  readonly unfinished: number
  readonly unfinishedInAll: number
  readonly calls: number
}

const mebibyte = 2 ** 20

/** The limits with their defaults. */
export const settle = (limits: Limits): Settled => ({
  connections: 1_024,
  strangers: 128,
  sessions: 1_024,
  sessionsInAll: 8_192,
  window: 8 * mebibyte,
  unfinished: 256 * mebibyte,
  unfinishedInAll: 1_024 * mebibyte,
  calls: 256,
  ...limits,
  sessionTime: Duration.toMillis(limits.sessionTime ?? "30 seconds"),
  idleTime: Duration.toMillis(limits.idleTime ?? "60 seconds"),
  handshakeTime: Duration.toMillis(limits.handshakeTime ?? "5 seconds"),
  logTime: Duration.toMillis(limits.logTime ?? "10 seconds")
})
