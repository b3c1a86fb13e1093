import { assert } from "@effect/vitest"
import type { Commands } from "../../../src/dispatch/Command.ts"
import type { Event } from "../../../src/dispatch/Event.ts"
import { Seed } from "../../dispatch/Seed.ts"
import { type Make, World } from "../../dispatch/World.ts"
import { judgeEnds, judgeMemory } from "./AtRest.ts"
import { drawEntry, drawExecutor, healer, nodes, type Traits, traitsOf } from "./Entries.ts"
import { FakeExecutor, type Manners } from "./FakeExecutor.ts"

const submitters = ["ada", "bob", "eve"]
const submissions = 4

/** A world in which anything may happen, for a while; then it heals, and all must come to an end. */
export class Scenario {
  readonly world: World
  readonly traits: Traits
  readonly #seed: Seed
  readonly #manners: Manners
  readonly #starts = new Map<string, number>()
  #executors: Array<FakeExecutor> = []
  /** They are out of touch and do not know that they are lost. */
  #zombies: Array<FakeExecutor> = []
  #names = 0
  readonly #open = new Set<string>()
  #loads: Array<{ readonly source: number; readonly count: number }> = []
  #questions: Array<Commands["produce"][number]> = []
  readonly #chunks = new Map<number, number>()

  constructor(number: number, make?: Make) {
    const seed = this.#seed = new Seed(number)
    this.traits = traitsOf(seed)
    this.world = new World({
      commits: this.traits.isAwaited ? "awaited" : "immediate",
      passLimit: seed.pick([3, 64]),
      window: 4,
      sessionRetention: 500_000
    }, make)
    const isTroubled = this.traits.troubles
    this.#manners = {
      tells: seed.pick([50, 80, 100]),
      fails: isTroubled ? 8 : 0,
      retries: isTroubled ? 8 : 0,
      crashes: isTroubled ? 4 : 0,
      dies: isTroubled ? seed.pick([8, 8, 90]) : 0,
      yields: seed.pick([20, 80, 100]),
      buries: seed.pick([20, 80])
    }
  }

  /** Lets so many things happen. */
  run(steps: number): void {
    const actions = this.#actions()
    const total = actions.reduce((sum, [weight]) => sum + weight, 0)
    for (let step = 0; step < steps; step++) {
      let luck = this.#seed.below(total)
      const [, act] = actions.find(([weight]) => (luck -= weight) < 0) ?? []
      act?.()
    }
  }

  #actions(): ReadonlyArray<readonly [number, () => void]> {
    const { deadlines, delays, isAwaited, jobs, restarts, timeouts, troubles, windows } = this.traits
    const when = (isPossible: boolean, weight: number) => isPossible ? weight : 0
    return [
      [16, () => this.#submit()],
      [40, () => this.#work()],
      [8, () => this.#join()],
      [when(troubles || deadlines || delays || timeouts, 8) + 6, () => this.#wait()],
      [when(isAwaited, 18), () => this.#commit()],
      [when(windows, 10), () => this.#load()],
      [when(jobs, 14), () => this.#produce()],
      [6, () => this.#cancel()],
      [5, () => this.#fetch()],
      [3, () => this.#close()],
      [2, () => this.#beat()],
      [when(troubles, 4), () => this.#die()],
      [2, () => this.#leave()],
      [when(troubles, 4), () => this.#disconnect()],
      [when(troubles, 6), () => this.#reconnect()],
      [1, () => this.#drain()],
      [when(restarts, 3), () => this.#restart()]
    ]
  }

  #handle(...events: ReadonlyArray<Event>): void {
    const { now } = this.world
    const beats: Array<Event> = []
    for (const executor of this.#executors) {
      if (!executor.spec.heartbeat || !executor.isConnected || executor.isSilent || now - executor.heardAt < 300) {
        continue
      }
      executor.heardAt = now
      beats.push({ _tag: "beat", executorId: executor.id })
    }
    const { generation } = this.world.options
    const commands = this.world.handle(...beats, ...events)
    for (const executor of this.#executors) executor.receive(commands, generation)
    this.#loads.push(...commands.load)
    this.#questions.push(...commands.produce)
    const left = new Set(commands.persist.flatMap(({ executorId, kind }) => kind === "Left" ? [executorId] : []))
    if (left.size === 0) return
    // Whoever was given up without knowing it goes on for a while.
    const lost = this.#executors.filter(({ id }) => left.has(id))
    this.#executors = this.#executors.filter((executor) =>
      !lost.includes(executor) || this.world.judge.executors.has(executor.id)
    )
    this.#zombies.push(...lost.filter((executor) => !this.#executors.includes(executor)))
  }

  #submit(): void {
    const seed = this.#seed
    const submitter = seed.pick(submitters)
    const known = [...this.world.judge.ledger.tasks.values()]
      .filter(({ isForgotten, task }) =>
        !isForgotten && this.world.judge.entryOf.get(task)?.view.isAcknowledged === true
      )
      .map(({ task }) => task)
    const submission = `${submitter}/${seed.below(submissions)}`
    const isOpen = seed.chance(0.2)
    const entries = Array.from(
      { length: seed.chance(0.6) ? 1 : seed.between(0, 4) },
      (_, place) => drawEntry(seed, this.traits, this.world.now, known, place)
    )
    if (isOpen) this.#open.add(submission)
    else this.#open.delete(submission)
    this.#handle({
      _tag: "submitted",
      request: this.world.request(),
      submitter,
      submission,
      entries,
      isOpen,
      isWatched: true,
      whenUnmet: seed.chance(0.05) ? "fail" : "wait"
    })
  }

  #work(): void {
    const everybody = [...this.#executors, ...this.#zombies]
    if (everybody.length === 0) return
    const executor = this.#seed.pick(everybody)
    executor.work(this.#seed, this.#manners)
    const events: Array<Event> = []
    for (let left = this.#seed.below(4); left > 0; left--) {
      const event = executor.send(this.#seed)
      if (event !== undefined) events.push(event)
    }
    if (events.length > 0) this.#handle(...events)
  }

  #join(): void {
    if (this.#executors.length >= 5) return
    const spec = drawExecutor(this.#seed, this.traits, `e${this.#names++}`)
    const executor = new FakeExecutor(spec, this.#starts)
    executor.heardAt = this.world.now
    this.#executors.push(executor)
    this.#handle({ _tag: "joined", executor: spec })
  }

  #wait(): void {
    const { commands, now } = this.world
    const wake = commands?.wake ?? now
    const isSoon = wake < now + 5_000
    this.world.now = isSoon && this.#seed.chance(0.4)
      ? Math.max(now, wake)
      : now + this.#seed.pick([0, 1, 10, 60, 400, 1_500])
    this.#handle({ _tag: "tick" })
  }

  #commit(): void {
    const { judge, records } = this.world
    const last = records.at(-1)?.sequence ?? 0
    const through = this.#seed.chance(0.5) ? last : this.#seed.between(judge.committed, Math.max(judge.committed, last))
    this.#handle({ _tag: "committed", through })
  }

  #load(): void {
    const load = this.#loads.shift()
    if (load === undefined) return
    this.#handle({ _tag: "loaded", source: load.source, count: this.#seed.between(1, load.count) })
  }

  #produce(isHealing = false): void {
    const question = this.#questions.shift()
    const chance = isHealing ? 0 : 0.3
    if (question === undefined) {
      const sources = [...this.world.judge.sources].filter(([, { isProducing }]) => isProducing)
      if (sources.length > 0) this.#handle({ _tag: "produced", source: this.#seed.pick(sources)[0] })
      return
    }
    const { executorId, source } = question
    const left = this.#chunks.get(source) ?? this.#seed.between(0, 6)
    const isBusy = this.world.judge.sources.get(source)?.tasks.some((task) =>
      !this.world.judge.isCommitted(this.world.judge.ledger.story(task))
    )
    this.#chunks.set(source, left)
    if (this.#seed.chance(chance) || (left === 0 && isBusy === true)) {
      return this.#handle({ _tag: "produced", source, executorId, chunk: "waiting" })
    }
    if (left === 0) return this.#handle({ _tag: "produced", source, executorId, chunk: "finished" })
    this.#chunks.set(source, left - 1)
    this.#handle({ _tag: "produced", source, executorId, chunk: { chunk: left * 10 } })
  }

  #cancel(): void {
    const seed = this.#seed
    const tasks = [...this.world.judge.ledger.tasks.keys()]
    const submitter = seed.pick(submitters)
    const luck = seed.below(10)
    const target = luck < 7 && tasks.length > 0
      ? { task: seed.pick(tasks) }
      : luck < 9
      ? { submission: `${submitter}/${seed.below(submissions)}` }
      : { submitter }
    this.#handle({ _tag: "cancelled", target, by: submitter })
  }

  #fetch(): void {
    const told = [...this.world.judge.told.keys()].filter(() => this.#seed.chance(0.3))
    this.#handle({ _tag: "fetched", tasks: told })
  }

  #close(): void {
    for (const submission of this.#open) {
      this.#open.delete(submission)
      return this.#handle({ _tag: "closed", submission })
    }
  }

  #beat(): void {
    const executor = this.#executors.find(({ isConnected }) => isConnected && this.#seed.chance(0.5))
    if (executor === undefined) return
    executor.slots = this.#seed.between(0, 4)
    this.#handle({ _tag: "beat", executorId: executor.id, slots: executor.slots })
  }

  #die(): void {
    if (this.#executors.length === 0) return
    const executor = this.#seed.pick(this.#executors)
    // Those that have no heartbeat are known to be dead when they are.
    if (executor.spec.heartbeat && this.#seed.chance(0.5)) {
      executor.isSilent = true
      return
    }
    this.#executors = this.#executors.filter((other) => other !== executor)
    if (this.#seed.chance(0.3)) this.#zombies.push(executor)
    this.#handle({ _tag: "left", executorId: executor.id, reason: "SIGKILL", isClean: false })
  }

  #leave(): void {
    const connected = this.#executors.filter(({ isConnected }) => isConnected)
    if (connected.length === 0) return
    const executor = this.#seed.pick(connected)
    this.#executors = this.#executors.filter((other) => other !== executor)
    const left: Event = { _tag: "left", executorId: executor.id, reason: "done", isClean: true }
    this.#handle(...executor.leave(this.#seed, this.#manners), left)
  }

  #disconnect(): void {
    if (this.#executors.length > 0) this.#seed.pick(this.#executors).disconnect()
  }

  #reconnect(executor = this.#executors.find(({ isConnected }) => !isConnected)): void {
    if (executor === undefined) return
    executor.isConnected = true
    const adopted: Event = { _tag: "adopted", executorId: executor.id, leases: executor.leases }
    if (this.world.judge.executors.has(executor.id)) return this.#handle(adopted)
    this.#handle({ _tag: "joined", executor: executor.spec }, adopted)
    executor.slots = executor.spec.slots
  }

  #drain(): void {
    if (this.#executors.length === 0) return
    const { id, isConnected } = this.#seed.pick(this.#executors)
    if (isConnected) this.#handle({ _tag: "drain", executorId: id })
  }

  #restart(): void {
    const { judge, lives, records } = this.world
    const ends = [...(lives.at(-1)?.turns ?? [])].flatMap(({ commands: { persist } }) => persist.at(-1)?.sequence ?? [])
      .filter((end) => end >= judge.committed)
    const last = records.at(-1)?.sequence ?? 0
    if (this.#seed.chance(0.3) && !this.traits.isAwaited) this.#handle({ _tag: "drain" })
    const through = this.traits.isAwaited && ends.length > 0 ? this.#seed.pick(ends) : last
    this.#loads = []
    this.#questions = []
    for (const executor of this.#executors) executor.disconnect()
    this.world.restart(Math.max(through, judge.committed))
    this.#loads.push(...this.world.loads)
    this.#open.clear()
    for (const executor of this.#executors) if (this.#seed.chance(0.4)) this.#reconnect(executor)
  }

  /** Faults stop, and there is an executor for everything: whatever was accepted must end. */
  heal(): void {
    const { world } = this
    const { judge } = world
    if (judge.isDraining) this.#restart()
    this.#zombies = []
    // Either all come back to their senses, or others take their place.
    if (this.#seed.chance(0.5)) this.#recover()
    else this.#replace()
    for (const [place, node] of nodes.entries()) {
      const executor = new FakeExecutor(healer(`healer ${place}`, node), this.#starts)
      this.#executors.push(executor)
      this.#handle({ _tag: "joined", executor: executor.spec })
    }
    const open = new Set(judge.requests.values().map(({ submission }) => submission))
    for (const submission of open) this.#handle({ _tag: "closed", submission })
    let rounds = 0
    for (let idle = 0; idle < 3 && this.#isUnfinished(); rounds++) {
      idle = this.#advance() ? 0 : idle + 1
      if (rounds > 1_000) assert.fail("it never comes to rest")
    }
    judgeEnds(world, this.#starts)
    this.#forgetAll()
    judgeMemory(world, this.#executors.length)
  }

  #recover(): void {
    for (const executor of this.#executors) {
      executor.isSilent = false
      executor.slots = executor.spec.slots
      if (!executor.isConnected) this.#reconnect(executor)
      this.#handle({ _tag: "beat", executorId: executor.id, slots: executor.slots })
    }
  }

  #replace(): void {
    this.#executors = []
    for (const { spec: { executorId } } of this.world.judge.executors.values()) {
      this.#handle({ _tag: "left", executorId, reason: "healing", isClean: this.#seed.chance(0.5) })
    }
  }

  /** One round in which everybody does what there is to do; false if there was nothing. */
  #advance(): boolean {
    const { judge } = this.world
    const before =
      `${judge.ledger.sequence} ${judge.committed} ${judge.told.size} ${this.world.now} ${this.#chunks.size}`
    for (const executor of this.#executors) {
      const events = executor.finish()
      if (events.length > 0) this.#handle(...events)
    }
    while (this.#loads.length > 0) this.#load()
    for (let left = this.#questions.length; left > 0; left--) this.#produce(true)
    for (const [source, { isProducing, waiting }] of judge.sources) {
      if (isProducing && waiting.size > 0) this.#handle({ _tag: "produced", source })
    }
    if (this.traits.isAwaited) this.#handle({ _tag: "committed", through: this.world.records.at(-1)?.sequence ?? 0 })
    const isIdle = before ===
      `${judge.ledger.sequence} ${judge.committed} ${judge.told.size} ${this.world.now} ${this.#chunks.size}`
    const { wake } = this.world.commands
    if (!isIdle || wake === undefined) return !isIdle
    this.world.now = Math.max(this.world.now, wake)
    this.#handle({ _tag: "tick" })
    return true
  }

  #isUnfinished(): boolean {
    const { judge } = this.world
    return [...judge.ledger.tasks.values()].some((story) =>
      judge.entryOf.has(story.task) && !judge.isCommitted(story)
    ) ||
      [...judge.requests.values()].some(({ entries, isAcknowledged }) =>
        !isAcknowledged || entries.some((view) => view.isProducing && judge.fateOf(view) !== "failed")
      )
  }

  /** Whatever was kept is fetched, everybody is gone, and much time passes. */
  #forgetAll(): void {
    // Some may still be busy with what was given up long ago.
    for (const executor of this.#executors) {
      while (executor.isBusy) this.#handle(...executor.finish())
    }
    this.#handle({ _tag: "fetched", tasks: [...this.world.judge.ledger.tasks.keys()] })
    this.world.now += 5_000
    this.#handle({ _tag: "tick" })
    for (const submitter of submitters) this.#handle({ _tag: "cancelled", target: { submitter }, by: "nobody" })
    if (this.traits.isAwaited) this.#handle({ _tag: "committed", through: this.world.records.at(-1)?.sequence ?? 0 })
    this.world.now += 1_000_000
    this.#handle({ _tag: "tick" })
  }
}
