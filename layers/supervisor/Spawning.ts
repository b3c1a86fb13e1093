/**
 * One run of a child as a process of this machine.
 *
 * @since 0.1.0
 */
import { Clock, Deferred, Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import type { Readable } from "node:stream"
import type { OutputStream } from "../../src/process/ChildOutput.ts"
import { environmentOf } from "../../src/process/Environment.ts"
import type { Feed } from "../../src/process/Feed.ts"
import { commandLine, reasonOf } from "../../src/process/Launch.ts"
import { exitOf, type ProcessExit } from "../../src/process/ProcessExit.ts"
import type { Order, Run } from "./Children.ts"
import { find } from "./Command.ts"
import type { ControlGroup, ControlGroups } from "./ControlGroups.ts"
import { Descendants, send } from "./Descendants.ts"
import type { Descriptors } from "./Descriptors.ts"
import type { ProcessTableNode } from "./ProcessTableNode.ts"
import type { Suspect, Watch } from "./Watch.ts"
import type { Watchdog } from "./Watchdog.ts"

/** What children of this machine need. */
export interface Machine {
  readonly table: ProcessTableNode | undefined
  readonly watch: Watch | undefined
  readonly watchdog: Watchdog | undefined
  readonly descriptors: Descriptors
  readonly groups: ControlGroups | undefined
}

/** How long output is waited for that somebody holds open who could not be found, in milliseconds. */
const patience = 1_000

/** Reads a stream into the feed, no faster than those who insist on it can follow. */
class Reading {
  readonly #streams: ReadonlyArray<readonly [OutputStream, Readable]>
  readonly #feed: Feed
  readonly closed: Deferred.Deferred<void>
  #open: number
  #isLast = false

  constructor(child: ChildProcess, feed: Feed) {
    this.#feed = feed
    this.closed = Deferred.makeUnsafe()
    const { stderr, stdout } = child
    this.#streams = [
      ...(stdout === null ? [] : [["stdout", stdout] as const]),
      ...(stderr === null ? [] : [["stderr", stderr] as const])
    ]
    this.#open = this.#streams.length
    if (this.#open === 0) Deferred.doneUnsafe(this.closed, Effect.void)
    for (const [name, stream] of this.#streams) {
      stream.on("error", () => {})
      stream.on("data", (bytes: Uint8Array) => {
        feed.write(name, bytes)
        if (!this.#isLast && feed.isFull) this.#each((stream) => stream.pause())
      })
      stream.once("close", () => {
        if (--this.#open === 0) Deferred.doneUnsafe(this.closed, Effect.void)
      })
    }
    feed.onRoom = () => this.#each((stream) => stream.resume())
  }

  #each(act: (stream: Readable) => void): void {
    for (const [, stream] of this.#streams) act(stream)
  }

  /** Everybody has ended who wrote: reads what there still is, which is not much. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() => {
    this.#isLast = true
    this.#each((stream) => stream.resume())
    return Effect.timeoutOrElse(Deferred.await(this.closed), {
      duration: patience,
      orElse: () =>
        Effect.suspend(() => {
          for (const [name, stream] of this.#streams) {
            if (stream.closed) continue
            this.#feed.lose(name)
            stream.destroy()
          }
          return Deferred.await(this.closed)
        })
    })
  })
}

interface End {
  readonly code: number | null
  readonly signal: string | null
}

/** Starts the process; fails with what the system said. */
const started = (
  { feed, mark, plan }: Order,
  { descriptors, table }: Machine,
  group: ControlGroup | undefined
): Effect.Effect<
  readonly [
    ChildProcess,
    number,
    Deferred.Deferred<End>,
    Reading
  ],
  string
> =>
  Effect.gen(function*() {
    const env = environmentOf(plan, process.env, mark)
    const found = yield* Effect.promise(() => find(plan, env["PATH"] ?? ""))
    if ("reason" in found) return yield* Effect.fail(found.reason)
    // The kernel's limit is one of all that a user has: it makes no sense where nobody knows how many that are.
    const limits = table === undefined ? { ...plan.limits, processes: undefined } : plan.limits
    const others = limits.processes === undefined ? 0 : table?.threads() ?? 0
    const { args, command } = commandLine(
      { args: plan.args, limits },
      found.path,
      group === undefined ? [] : [group.joining],
      others
    )
    return yield* Effect.callback<readonly [ChildProcess, number, Deferred.Deferred<End>, Reading], string>(
      (resume) => {
        const refused = (error: unknown): void => {
          const { code, message } = error as NodeJS.ErrnoException // what it throws and emits is of the system
          resume(Effect.fail(reasonOf(code, plan, message)))
        }
        try {
          const child = spawn(command, args, {
            ...(plan.cwd !== undefined && { cwd: plan.cwd }),
            env,
            detached: true,
            stdio: descriptors.covering([plan.stdin === "none" ? "ignore" : plan.stdin, "pipe", "pipe"])
          })
          const end = Deferred.makeUnsafe<End>()
          child.once("error", refused)
          child.once("exit", (code, signal) => Deferred.doneUnsafe(end, Effect.succeed({ code, signal })))
          child.stdin?.on("error", () => {})
          if (child.pid !== undefined) {
            const { pid } = child
            const reading = new Reading(child, feed)
            child.once("spawn", () => {
              child.on("error", () => {})
              resume(Effect.succeed([child, pid, end, reading]))
            })
          }
        } catch (error) {
          refused(error)
        }
      }
    )
  })

/** Writes to its stdin, and waits until there is room for more. */
const writeTo = ({ stdin }: ChildProcess, input: Uint8Array): Effect.Effect<boolean> =>
  stdin === null || !stdin.writable
    ? Effect.succeed(false)
    : Effect.callback((resume) => {
      stdin.write(input, (error) => resume(Effect.succeed(error === null || error === undefined)))
    })

/** Starts a run, and sees to it until nothing of it is left. */
export const launch = (machine: Machine) =>
  Effect.fnUntraced(function*(order: Order): Effect.fn.Return<Run, string> {
    const { feed, mark, plan } = order
    const { table, watch, watchdog } = machine
    watchdog?.ready()
    const group = yield* Effect.try({
      try: () => machine.groups?.make(plan.limits),
      catch: (error) => `its control group could not be made: ${error instanceof Error ? error.message : String(error)}`
    })
    const [child, pid, exited, reading] = yield* Effect.onError(
      started(order, machine, group),
      () => Effect.sync(() => group?.close())
    )
    watchdog?.add(pid)
    const descendants = new Descendants(pid, mark, table, group)
    const ended = yield* Deferred.make<ProcessExit>()
    const sent = new Set<string>()
    let exceeded: ProcessExit | undefined
    let deadline = Infinity
    const { processes } = plan.limits
    const memory = machine.groups?.controllers.has("memory") === true ? undefined : plan.limits.memory
    const suspect: Suspect | undefined = memory === undefined && processes === undefined ? undefined : {
      limits: { memory, processes },
      descendants,
      exceeded: (exit) =>
        Effect.suspend(() => {
          exceeded = exit
          deadline = 0
          return Effect.asVoid(Effect.forkDetach(descendants.kill))
        })
    }
    if (suspect !== undefined) yield* watch?.add(suspect) ?? Effect.void

    const finish = Effect.gen(function*() {
      const end = yield* Deferred.await(exited)
      descendants.hasEnded = true
      if (suspect !== undefined) watch?.remove(suspect)
      // Those that it leaves behind have what is left of the grace, or a grace of their own if it has ended by itself.
      const now = yield* Clock.currentTimeMillis
      yield* descendants.end(Math.min(deadline, now + plan.grace))
      watchdog?.remove(pid)
      child.stdin?.destroy()
      yield* reading.finish
      feed.onRoom = undefined
      exceeded ??= group?.exceeded
      group?.close()
      yield* Deferred.succeed(ended, exitOf({ ...end, sent, exceeded }))
    })
    yield* Effect.forkDetach(finish)

    const stop = Effect.fnUntraced(function*(grace: number) {
      sent.add("SIGTERM").add("SIGKILL")
      deadline = Math.min(deadline, (yield* Clock.currentTimeMillis) + grace)
      yield* descendants.signal("SIGTERM")
      // One that is held up by SIGSTOP could not hear of it.
      yield* descendants.signal("SIGCONT")
      yield* Effect.sleep(Math.max(0, deadline - (yield* Clock.currentTimeMillis)))
      yield* descendants.kill
    })
    return {
      pid,
      ended: Deferred.await(ended),
      stop: (grace) => Effect.asVoid(Effect.forkDetach(Effect.raceFirst(stop(grace), Deferred.await(exited)))),
      signal: (signal) => {
        sent.add(signal)
        return !descendants.hasEnded && send(-pid, signal)
      },
      write: (input) => writeTo(child, input),
      endInput: () => {
        child.stdin?.end()
      }
    }
  })
