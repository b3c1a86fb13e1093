/**
 * Runs fibers in an order that depends on nothing but a seed, and knows when
 * none of them has anything to do.
 *
 * @since 0.1.0
 */
import type { Fiber, Scheduler } from "effect"
import { Deque } from "../../src/dispatch/Deque.ts"
import { SeededRandom } from "./SeededRandom.ts"

/** In turns, or in an order that the seed picks: then fibers also pause at odd places. */
export type Order = { readonly seed: number } | "turns"

type Task = () => void

/** So many steps in one go, before timers and signals of the process have their turn. */
const stretch = 20_000

/** What one fiber has scheduled: it runs in that order, by priority. */
class Dispatcher implements Scheduler.SchedulerDispatcher {
  readonly #scheduler: VirtualScheduler
  readonly #tasks = new Deque<Task>()
  /** For when nothing else is ready. */
  readonly #late = new Deque<Task>()

  constructor(scheduler: VirtualScheduler) {
    this.#scheduler = scheduler
  }

  get length(): number {
    return this.#tasks.length + this.#late.length
  }

  scheduleTask(task: Task, priority: number): void {
    ;(priority > 0 ? this.#late : this.#tasks).push(task)
    if (this.length === 1) this.#scheduler.add(this)
  }

  next(): Task | undefined {
    return this.#tasks.shift() ?? this.#late.shift()
  }

  flush(): void {
    for (let task = this.next(); task !== undefined; task = this.next()) task()
  }
}

/** One for all fibers that have to be known of. */
export class VirtualScheduler implements Scheduler.Scheduler {
  readonly executionMode = "async"
  readonly #random: SeededRandom | undefined
  readonly #longest: number
  readonly #idlers: Array<Task> = []
  /** Those that have something to do, in turns. */
  readonly #line = new Deque<Dispatcher>()
  /** Those that have something to do, in any order. */
  readonly #ready: Array<Dispatcher> = []
  #operations = Infinity
  #isAwake = false
  #isClosed = false
  /** Told whenever nothing is ready, not even after promises have been kept. */
  onIdle: Task | undefined
  /** Told every so many steps that did not end. */
  onStretch: Task | undefined
  steps = 0

  constructor(order: Order) {
    if (order === "turns") {
      this.#longest = Infinity
      return
    }
    this.#random = new SeededRandom(order.seed, "scheduler")
    this.#longest = this.#random.pick([16, 128, 2_048]) ?? 128
    this.#operations = this.#longest
  }

  shouldYield({ cache, currentOpCount }: Fiber.Fiber<unknown, unknown>): boolean {
    if (this.#random === undefined) return currentOpCount >= cache.maxOpsBeforeYield
    if (currentOpCount < this.#operations) return false
    this.#operations = 1 + this.#random.below(this.#longest)
    return true
  }

  makeDispatcher(): Dispatcher {
    return new Dispatcher(this)
  }

  /** Runs it as if a fiber of its own had asked for it. */
  schedule(task: Task): void {
    this.makeDispatcher().scheduleTask(task, 0)
  }

  /** It has something to do, and had nothing before. */
  add(dispatcher: Dispatcher): void {
    if (this.#isClosed) return
    if (this.#random === undefined) this.#line.push(dispatcher)
    else this.#ready.push(dispatcher)
    this.#wake()
  }

  /** Calls back once nothing is ready, not even after promises have been kept. */
  whenIdle(then: Task): void {
    this.#idlers.push(then)
    this.#wake()
  }

  /** Nothing runs any more. */
  close(): void {
    this.#isClosed = true
    this.#ready.length = 0
    this.#line.filter(() => false)
  }

  #wake(): void {
    if (this.#isAwake || this.#isClosed) return
    this.#isAwake = true
    setImmediate(this.#run)
  }

  readonly #run = (): void => {
    for (let count = 0; this.#step(); count++) {
      if (count < stretch) continue
      setImmediate(this.#run)
      return this.onStretch?.()
    }
    // Whatever only waited for promises is ready once they have been kept, and they are kept before this is called.
    setImmediate(this.#settle)
  }

  readonly #settle = (): void => {
    if (this.#ready.length > 0 || this.#line.length > 0) return this.#run()
    this.#isAwake = false
    const idlers = this.#idlers.splice(0)
    for (const idler of idlers) idler()
    if (idlers.length === 0 && !this.#isClosed) this.onIdle?.()
  }

  /** Does one of the things that are to be done; false if there is none. */
  #step(): boolean {
    while (true) {
      const dispatcher = this.#random === undefined ? this.#line.shift() : this.#pick(this.#random)
      if (dispatcher === undefined) return false
      const task = dispatcher.next()
      // It was flushed meanwhile.
      if (task === undefined) continue
      if (dispatcher.length > 0) this.add(dispatcher)
      this.steps++
      task()
      return true
    }
  }

  /** Takes out one of those that are ready. */
  #pick(random: SeededRandom): Dispatcher | undefined {
    const index = random.below(this.#ready.length)
    const dispatcher = this.#ready[index]
    const last = this.#ready.pop()
    if (last !== undefined && index < this.#ready.length) this.#ready[index] = last
    return dispatcher
  }
}
