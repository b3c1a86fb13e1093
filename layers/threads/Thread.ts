/**
 * One worker thread from its start to its end.
 *
 * @since 0.1.0
 */
import { getCompileCacheDir } from "node:module"
import { Worker } from "node:worker_threads"
import { Claims } from "../../src/protocol/Claims.ts"
import type { End } from "../../src/protocol/Verdict.ts"
import type { Defect } from "../../src/task/Outcome.ts"
import { describeDefect } from "../Handling.ts"
import type { FromThread, ThreadData, ToThread } from "./Messages.ts"
import type { WarmThread } from "./WarmThread.ts"

/** What a thread is made of. */
export interface Options {
  readonly name: string
  /** The task module. */
  readonly url: string
  /** What the thread is started with, where that is not `cadre/thread` as it is installed. */
  readonly entry: URL | undefined
  /** One that was started ahead. */
  readonly warm?: WarmThread | undefined
  /** Bytes that it may use. */
  readonly memory: number
}

/** Who hears from it. */
export interface Listener {
  readonly heard: (message: FromThread) => void
  readonly ended: (end: End) => void
}

const mebibyte = 2 ** 20
/**
 * Node's own limit of a thread's heap. It is there for the worst: a thread that
 * runs into it may stand still for minutes, or take the whole process along.
 */
const lastResort = (memory: number): number => Math.ceil((2 * memory) / mebibyte) + 256
/** No thread fills its memory faster than that, in bytes a millisecond. */
const fastest = 2_000_000
/** Milliseconds that may pass between two looks at the memory. */
const seldom = 500

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY"

/** A thread. It is killed, or told to close, or ends by itself: whichever it is, its listener hears of it once. */
export class Thread {
  readonly claims: Claims
  readonly #worker: Worker
  readonly #memory: number
  #reason: string | undefined
  #defect: Defect | undefined
  /** When to look at its memory again; never while somebody looks. */
  #measureAt = 0
  isEnded = false

  constructor({ entry, memory, name, url, warm }: Options, listener: Listener) {
    this.#memory = memory
    this.claims = warm?.claims ?? new Claims()
    const workerData: ThreadData = {
      _tag: "cadre/thread",
      url,
      claims: this.claims.buffer,
      compiled: getCompileCacheDir()
    }
    this.#worker = warm?.worker ?? new Worker(entry ?? new URL(import.meta.resolve("cadre/thread")), {
      name,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: lastResort(memory) }
    })
    const hear = (message: FromThread): void => {
      if (message._tag === "Fatal") this.#defect = message.defect
      else listener.heard(message)
    }
    this.#worker.on("message", hear)
    if (warm !== undefined) {
      this.#worker.off("message", warm.listener)
      // Not before whoever starts it has it in hand.
      queueMicrotask(() => {
        for (const message of warm.said) hear(message as FromThread)
      })
    }
    this.#worker.on("error", (error) => {
      if (isOutOfMemory(error)) this.#reason ??= this.#exceeded
      else this.#defect ??= describeDefect(error)
    })
    this.#worker.on("exit", (code) => {
      this.isEnded = true
      const defect = this.#defect
      const isKilled = this.#reason !== undefined && this.#reason !== this.#exceeded
      const thrown = defect === undefined ? undefined : `${defect.name}: ${defect.message}, which nobody caught`
      listener.ended({ reason: this.#reason ?? thrown ?? `its code called process.exit(${code})`, defect, isKilled })
    })
  }

  get #exceeded(): string {
    return `out of memory: it may use ${Math.round(this.#memory / mebibyte)} MiB`
  }

  post(message: ToThread, transfer: ReadonlyArray<ArrayBuffer> = []): void {
    this.#worker.postMessage(message, transfer)
    this.claims.ring()
  }

  /** Ends it, whatever it is at. */
  kill(reason: string): void {
    if (this.isEnded) return
    this.#reason ??= reason
    void this.#worker.terminate()
  }

  /**
   * Kills it if it uses more memory than it may. The less there is left, the
   * sooner it looks again: until then nothing can have filled it.
   */
  measure(now: number): void {
    if (now < this.#measureAt || this.isEnded) return
    this.#measureAt = Infinity
    this.#worker.getHeapStatistics().then(
      ({ external_memory: buffers, used_heap_size: heap }) => {
        const left = this.#memory - heap - buffers
        if (left < 0) this.kill(this.#exceeded)
        this.#measureAt = now + Math.min(seldom, left / fastest)
      },
      // It has ended meanwhile, or is not up yet.
      () => {
        this.#measureAt = now
      }
    )
  }
}
