/**
 * An executor whose attempts run in a worker thread. It lives in the program,
 * so that neither leases nor timeouts wait for the thread, and it outlives the
 * thread: when that dies, only what it was running is lost, and another takes
 * its place.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"
import { performance } from "node:perf_hooks"
import type { ExecutorLoad } from "../../services/Executor.ts"
import type { ExecutorPort, Server } from "../../services/Server.ts"
import type { LeaseRef, Report } from "../../src/dispatch/Event.ts"
import { AttemptWriter } from "../../src/protocol/AttemptFrame.ts"
import type { Attempt, ExecutorCommand } from "../../src/protocol/ExecutorPort.ts"
import { read, type ReportReader } from "../../src/protocol/ReportFrame.ts"
import type { SubmitterNotice } from "../../src/protocol/SubmitterPort.ts"
import { type End, interrupted, loading, reportOf, verdicts } from "../../src/protocol/Verdict.ts"
import { EntryModuleInvalid } from "../EntryModule.ts"
import type { Keys } from "../SealerNode.ts"
import { type Contents } from "./Contents.ts"
import { Desk } from "./Desk.ts"
import { Holding } from "./Holding.ts"
import type { FromThread } from "./Messages.ts"
import { leaseOf, Saying } from "./Saying.ts"
import { Thread } from "./Thread.ts"
import type { WarmThread } from "./WarmThread.ts"

/** What it is made of. */
export interface Options {
  /** The task module. */
  readonly url: string
  /** What the thread is started with, where that is not `cadre/thread` as it is installed. */
  readonly entry?: URL | undefined
  readonly keys: Keys
  /** A thread that was started ahead for that module. */
  readonly warm?: WarmThread | undefined
  readonly slots: number
  readonly name: string
  /** Bytes that the thread may use. */
  readonly memory: number
}

/** What a thread says of its module. */
export type Ready = Extract<FromThread, { readonly _tag: "Ready" }>

/** What it finds where it serves. */
export interface Premises {
  readonly executorId: string
  readonly libraries: ReadonlyArray<Contents>
  readonly connect: Server["Service"]["connect"]
  /** The server is in another process. */
  readonly isRemote?: boolean
}

/** Milliseconds between two looks at what a thread that says nothing has started, and at its memory. */
const lookEvery = 25
/** Milliseconds that a thread has for its finalizers when it is told to end. */
const closingTime = 5_000
/** Milliseconds before a thread that did not come up is started again: at first, and at most. */
const firstPause = 100
const lastPause = 30_000

const time = (): number => performance.now() + performance.timeOrigin

type Run = (effect: Effect.Effect<void>) => void

/** Serves one connection at a time with one thread at a time. */
export class ExecutorThread {
  readonly #options: Omit<Options, "warm">
  #warm: WarmThread | undefined
  #thread: Thread
  #writer = new AttemptWriter()
  readonly #holding = new Holding()
  readonly #saying = new Saying((claim) => this.#holding.attempt(claim))
  #desk: Desk | undefined
  #ready: Ready | EntryModuleInvalid | undefined
  #whenReady: ((result: Ready | EntryModuleInvalid) => void) | undefined
  #serving: { readonly port: ExecutorPort; readonly premises: Premises; readonly run: Run } | undefined
  #isOpen = false
  #isClosed = false
  readonly #whenEnded: Array<() => void> = []
  /** Attempts that the thread was killed for. */
  readonly #guilty = new Set<Attempt>()
  #looking: NodeJS.Timeout | undefined
  #restarting: NodeJS.Timeout | undefined
  #pause = firstPause
  /** How many threads have served. */
  #lives = 0
  /** This one has run something. */
  #hasRun = false
  /** When it was given something after it had had nothing. */
  #givenAt = 0
  #ended = 0
  #busy = 0

  constructor({ warm, ...options }: Options) {
    this.#options = options
    this.#warm = warm
    this.#thread = this.#start()
  }

  /** What its module has, once the thread has loaded it; undefined if the thread is told to end before that. */
  readonly ready: Effect.Effect<Ready, EntryModuleInvalid> = Effect.callback((resume) => {
    const done = (result: Ready | EntryModuleInvalid) =>
      resume(result instanceof EntryModuleInvalid ? Effect.fail(result) : Effect.succeed(result))
    if (this.#ready === undefined) this.#whenReady = done
    else done(this.#ready)
  })

  /** Ends the thread: at first it is asked to. */
  readonly close: Effect.Effect<void> = Effect.callback((resume) => {
    this.#isClosed = true
    clearInterval(this.#looking)
    clearTimeout(this.#restarting)
    if (this.#thread.isEnded) return resume(Effect.void)
    const timer = setTimeout(() => this.#thread.kill("it did not end when it was told to"), closingTime)
    this.#whenEnded.push(() => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    // One that is still loading its module hears nothing.
    if (this.#ready === undefined) this.#thread.kill("it is not needed any more")
    else this.#thread.post({ _tag: "Close" })
  })

  readonly serve = (port: ExecutorPort, premises: Premises): Effect.Effect<void, never, Scope.Scope> =>
    Effect.gen({ self: this }, function*() {
      const context = yield* Effect.context()
      const run = (effect: Effect.Effect<void>) => void Effect.runForkWith(context)(effect)
      this.#serving = { port, premises, run }
      yield* Effect.addFinalizer(() => this.#leave(port))
      port.commands.read({ take: (commands) => this.#apply(commands) })
      if (this.#isUp) return this.#open()
      port.send({ _tag: "beat", slots: 0 })
      // It came to its end while nobody served.
      if (this.#thread.isEnded) this.#again()
    })

  get load(): ExecutorLoad {
    const { claims } = this.#thread
    const running = this.#holding.running(claims)
    const { at, busy } = claims.told
    const since = running > 0 ? Math.max(0, time() - Math.max(at, this.#givenAt)) : 0
    return {
      running,
      queued: this.#holding.size - running,
      ended: this.#ended,
      busy: this.#busy + busy + since
    }
  }

  #start(): Thread {
    const { entry, memory, name, url } = this.#options
    const warm = this.#warm
    this.#warm = undefined
    return new Thread({ entry, memory, name, url, warm }, {
      heard: (message) => this.#heard(message),
      ended: (end) => this.#died(end)
    })
  }

  #apply(commands: ReadonlyArray<ExecutorCommand>): void {
    const recalled: Array<LeaseRef> = []
    const reports: Array<Report> = []
    for (const command of commands) {
      if (command._tag === "Assign") {
        this.#holding.wait(command.attempts.filter(({ assignment }) => !assignment.isResumed))
      } else if (command._tag === "Recall") {
        for (const lease of command.leases) {
          if (typeof this.#holding.take(lease, this.#thread.claims) === "string") recalled.push(lease)
        }
      } else if (command._tag === "Revoke") {
        const found = this.#holding.take(command, this.#thread.claims)
        const { epoch, kill, reason, task } = command
        if (typeof found === "string") reports.push({ task, epoch, outcome: interrupted(!kill) })
        else if (found !== undefined && kill) this.#kill(found.claim, reason)
        else if (found !== undefined) this.#thread.post({ _tag: "Revoke", claim: found.claim, epoch, reason })
      }
    }
    const { port } = this.#serving!
    if (recalled.length > 0) port.send({ _tag: "recalled", leases: recalled })
    if (reports.length > 0) port.send({ _tag: "ended", reports })
    this.#give()
  }

  #kill(claim: number, reason: string): void {
    const attempt = this.#holding.attempt(claim)
    if (attempt === undefined) return
    this.#guilty.add(attempt)
    this.#thread.kill(`it was killed for a task that would not be interrupted (${reason})`)
  }

  #give(): void {
    if (!this.#isOpen || this.#thread.isEnded) return
    if (this.#holding.given === 0) this.#givenAt = time()
    const given = this.#holding.give(this.#thread.claims, this.#options.slots)
    if (given.length === 0) return
    const { frame, transfer } = this.#writer.write(given)
    this.#thread.post({ _tag: "Assign", frame }, transfer)
    this.#looking ??= setInterval(this.#look, lookEvery)
  }

  /** A thread that runs a handler says nothing: what it has started is seen by its claims. */
  readonly #look = (): void => {
    if (this.#holding.given === 0) {
      clearInterval(this.#looking)
      this.#looking = undefined
      return
    }
    this.#noteStarts()
    this.#thread.measure(time())
  }

  #noteStarts(): void {
    const starting = this.#holding.starting(this.#thread.claims).filter((claim) => this.#holding.start(claim))
    if (starting.length > 0) this.#serving?.port.send({ _tag: "started", leases: starting.map(this.#leaseOf) })
  }

  readonly #leaseOf = (claim: number): LeaseRef => leaseOf(this.#holding.attempt(claim)!)

  #heard(message: FromThread): void {
    switch (message._tag) {
      case "Ready":
        this.#ready = message
        this.#whenReady?.(message)
        return this.#open()
      case "Unusable":
        this.#ready = new EntryModuleInvalid({ url: message.url, problem: message.problem })
        return this.#whenReady?.(this.#ready)
      case "Reports":
        return this.#reported(message)
      case "Says":
        return this.#said(message)
      case "Withheld":
        return this.#saying.withhold(message)
      case "Submits": {
        const { premises, run } = this.#serving ?? {}
        if (premises === undefined || run === undefined) return
        this.#desk ??= new Desk(premises.connect, this.#submitter(premises), this.#tell)
        return this.#desk.send(message.messages, run)
      }
      case "Fatal":
    }
  }

  readonly #tell = (notices: ReadonlyArray<SubmitterNotice>): void => {
    if (!this.#thread.isEnded) this.#thread.post({ _tag: "Notices", notices })
  }

  /** What its handlers submit as. What those of the thread before have submitted may not be over yet. */
  #submitter({ executorId }: Premises): string {
    return `handlers of ${executorId}${this.#lives > 1 ? ` #${this.#lives}` : ""}`
  }

  /** It has loaded its module, and lives. */
  get #isUp(): boolean {
    return this.#ready !== undefined && !(this.#ready instanceof EntryModuleInvalid) && !this.#thread.isEnded
  }

  /** The thread may have work once it is up and somebody serves. */
  #open(): void {
    if (this.#serving === undefined || this.#isOpen) return
    const { port, premises } = this.#serving
    const { executorId, isRemote = false, libraries } = premises
    this.#isOpen = true
    this.#lives++
    this.#thread.post({
      _tag: "Open",
      executorId,
      submitter: this.#submitter(premises),
      isRemote,
      libraries,
      slots: this.#options.slots,
      keys: this.#options.keys,
      taskPrefix: port.idOf(0).slice(0, -1),
      takesOutput: port.takesOutput === true
    })
    port.send({ _tag: "beat", slots: this.#options.slots })
    this.#give()
  }

  #reported({ frame }: Extract<FromThread, { readonly _tag: "Reports" }>): void {
    const leases: Array<LeaseRef> = []
    const reports: Array<Report> = []
    const holding = this.#holding
    const reader: ReportReader = {
      started: (claim) => void (holding.start(claim) && leases.push(this.#leaseOf(claim))),
      discarded: (claim) => holding.free(claim),
      succeeded: (claim, startedAt, encoding, bytes) => {
        const attempt = holding.end(claim)
        if (attempt !== undefined) reports.push(reportOf(attempt, startedAt, encoding, bytes))
      },
      ended: (report) => {
        const attempt = holding.end(report.task)
        if (attempt !== undefined) reports.push({ ...report, task: attempt.assignment.task })
      }
    }
    read(frame, reader)
    this.#ended += reports.length
    this.#ran()
    const port = this.#serving?.port
    if (leases.length > 0) port?.send({ _tag: "started", leases })
    if (reports.length > 0) port?.send({ _tag: "ended", reports })
    this.#give()
  }

  #said({ message }: Extract<FromThread, { readonly _tag: "Says" }>): void {
    const translated = this.#saying.translated(message)
    if (translated !== undefined) this.#serving?.port.send(translated)
  }

  /** What ran is lost, what had not been started is given back, and another thread is started. */
  #died(end: End): void {
    const { claims } = this.#thread
    this.#busy = this.load.busy
    claims.tell(0, 0)
    const wasOpen = this.#isOpen
    let isSilent = false
    this.#isOpen = false
    const desk = this.#desk
    this.#desk = undefined
    if (this.#isClosed) {
      this.#serving?.run(desk?.close ?? Effect.void)
      this.#whenReady?.(new EntryModuleInvalid({ url: this.#options.url, problem: "It was told to end" }))
      for (const ended of this.#whenEnded.splice(0)) ended()
      return
    }
    if (this.#ready === undefined) {
      this.#ready = new EntryModuleInvalid({ url: this.#options.url, problem: loading(end) })
      this.#whenReady?.(this.#ready)
    }
    if (this.#serving !== undefined) {
      const { port, premises, run } = this.#serving
      if (desk !== undefined) run(desk.close)
      port.send({ _tag: "beat", slots: 0 })
      this.#noteStarts()
      const { moved, started, unstarted } = this.#holding.drop(claims)
      // Without their payloads they cannot be begun again: they count as begun.
      if (moved.length > 0) port.send({ _tag: "started", leases: moved.map(leaseOf) })
      const last = this.#saying.last(started.map(({ attempt }) => attempt))
      if (last !== undefined) port.send(last)
      isSilent = started.length > 0
      if (isSilent) this.#ran()
      const reports = verdicts(started, moved, {
        executorId: premises.executorId,
        slots: this.#options.slots,
        latest: claims.latest,
        guilty: this.#guilty,
        lines: this.#saying.lastLines,
        end
      })
      this.#guilty.clear()
      this.#ended += reports.length
      if (reports.length > 0) port.send({ _tag: "ended", reports })
      const leases = unstarted.map(leaseOf)
      if (leases.length > 0) port.send({ _tag: "recalled", leases })
    }
    this.#restart(wasOpen, isSilent, end)
  }

  #restart(wasOpen: boolean, isSilent: boolean, { reason }: End): void {
    if (this.#serving === undefined) return
    const problem = this.#ready instanceof EntryModuleInvalid ? this.#ready.message : reason
    const what = wasOpen ? "ended while nothing ran in it" : "did not start"
    if (!isSilent) {
      this.#serving.run(Effect.logWarning(`${this.#options.name} ${what}, and is started again: ${problem}`))
    }
    if (this.#hasRun) return this.#again()
    // It has not even begun: that is its module, and not what it ran.
    this.#restarting = setTimeout(this.#again, this.#pause)
    this.#pause = Math.min(lastPause, 2 * this.#pause)
  }

  readonly #again = (): void => {
    this.#ready = undefined
    this.#hasRun = false
    this.#writer = new AttemptWriter()
    this.#thread = this.#start()
  }

  #ran(): void {
    this.#hasRun = true
    this.#pause = firstPause
  }

  #leave(port: ExecutorPort): Effect.Effect<void> {
    return Effect.suspend(() => {
      port.commands.read(undefined)
      const desk = this.#desk
      this.#serving = undefined
      return Effect.andThen(desk?.close ?? Effect.void, this.close)
    })
  }
}
