/**
 * Submits tasks again and again, as schedules say. Schedules are in the store;
 * when a time has passed while no server ran, its catch-up policy decides.
 *
 * @since 0.1.0
 */
import { Clock, Cron, DateTime, Effect, Exit, Option, Queue, Result, Schema } from "effect"
import { ScheduleRefused, type ScheduleRow, ScheduleSpec } from "../../src/operate/Schedule.ts"
import { NotFound } from "../../src/operate/View.ts"
import type { EventLoop } from "./EventLoop.ts"
import type { OwnSubmitter } from "./OwnSubmitter.ts"
import type { Message, Shell } from "./Shell.ts"

/** Where the store keeps them. */
const space = "schedule"

/** So many times that have passed are made up for at the most. */
const mostCaughtUp = 1_000

const Kept = Schema.Struct({
  id: Schema.String,
  spec: ScheduleSpec,
  isPaused: Schema.Boolean,
  /** Up to then its times have been dealt with. */
  through: Schema.Number,
  last: Schema.optionalKey(Schema.Number),
  lastTask: Schema.optionalKey(Schema.String)
})
type Kept = typeof Kept.Type

const json = Schema.fromJsonString(Schema.toCodecJson(Kept))
const encode = Schema.encodeSync(json)
const decode = Schema.decodeUnknownExit(json)

interface Held {
  kept: Kept
  readonly cron: Cron.Cron
  /** Times at which its task could not start yet, as the one before had not ended. */
  waiting: number
}

/** The next time after that one; undefined where there is none. */
const nextOf = (cron: Cron.Cron, after: number): number | undefined => {
  try {
    return Cron.next(cron, new Date(after)).getTime()
  } catch {
    // It throws when it has looked for years.
    return undefined
  }
}

const cronOf = ({ cron, timeZone }: ScheduleSpec): Cron.Cron | ScheduleRefused => {
  const zone = DateTime.zoneMakeNamed(timeZone).pipe(Option.orElse(() => DateTime.zoneFromString(timeZone)))
  if (Option.isNone(zone)) {
    return new ScheduleRefused({ reason: `"${timeZone}" is no time zone; one is Europe/Rome or +02:00` })
  }
  const parsed = Cron.parse(cron, zone.value)
  if (Result.isFailure(parsed)) {
    return new ScheduleRefused({
      reason: `"${cron}" is no cron expression (${parsed.failure.message}); one is "0 3 * * *"`
    })
  }
  return parsed.success
}

/** Those of one server, from its start on. */
export const make = Effect.fnUntraced(function*(shell: Shell, loop: EventLoop<Message>, own: OwnSubmitter) {
  const clock = yield* Clock.Clock
  const held = new Map<string, Held>()
  const changes = yield* Queue.sliding<void>(1)
  const now = () => clock.currentTimeMillisUnsafe()

  const keep = (id: string, kept: Kept | undefined) => {
    const value = kept && new TextEncoder().encode(encode(kept))
    shell.journal.value({ space, key: id, value })
    loop.tell({ _tag: "tick" })
    Queue.offerUnsafe(changes, undefined)
  }
  for (const { key, value } of yield* shell.store.values(space)) {
    const kept = value && decode(new TextDecoder().decode(value))
    const cron = kept !== undefined && Exit.isSuccess(kept) ? cronOf(kept.value.spec) : undefined
    if (kept === undefined || Exit.isFailure(kept) || cron === undefined || cron instanceof ScheduleRefused) {
      yield* Effect.logWarning(`Schedule ${key} cannot be read and is left alone`)
    } else held.set(key, { kept: kept.value, cron, waiting: 0 })
  }

  const rowOf = ({ cron, kept: { id, isPaused, last, lastTask, spec, through } }: Held): ScheduleRow => {
    const next = isPaused ? undefined : nextOf(cron, Math.max(through, now()))
    const { requirement } = spec.spec
    return {
      id,
      cron: spec.cron,
      timeZone: spec.timeZone,
      catchUp: spec.catchUp,
      overlap: spec.overlap,
      taskName: requirement.taskName,
      library: `${requirement.library}@${requirement.version}`,
      isPaused,
      ...(next !== undefined && { next }),
      ...(last !== undefined && { last }),
      ...(lastTask !== undefined && { lastTask })
    }
  }

  const isRunning = ({ kept: { lastTask } }: Held): boolean => {
    const task = lastTask === undefined ? undefined : shell.positionOf(lastTask)
    const status = task === undefined ? undefined : shell.dispatcher.glance(task)?.status
    return status !== undefined && status !== "ended"
  }

  const submit = Effect.fnUntraced(function*(schedule: Held, at: number) {
    const { kept: { id, spec } } = schedule
    const submission = `schedule/${id}/${new Date(at).toISOString()}`
    const answer = yield* own.submit(submission, [{
      entry: {
        kind: "list",
        count: 1,
        spec: spec.spec,
        priority: spec.priority,
        ...(spec.deadline !== undefined && { deadline: spec.deadline })
      },
      payloads: { _tag: "Pieces", pieces: [spec.payload] },
      isFollowed: false
    }])
    if ("refused" in answer) {
      yield* Effect.logWarning(`Schedule ${id} was refused at ${new Date(at).toISOString()}: ${answer.refused._tag}`)
      return
    }
    const [first = -1] = answer.first
    schedule.kept = { ...schedule.kept, last: at, lastTask: shell.idOf(first) }
  })

  /** Deals with one time of a schedule. */
  const occur = Effect.fnUntraced(function*(schedule: Held, at: number) {
    const { kept: { id, lastTask, spec: { overlap } } } = schedule
    if (isRunning(schedule)) {
      if (overlap === "skip") return
      if (overlap === "queue") {
        schedule.waiting++
        return
      }
      const task = lastTask === undefined ? undefined : shell.positionOf(lastTask)
      if (task !== undefined) yield* own.cancel(task, `schedule ${id}`)
    }
    yield* submit(schedule, at)
  })

  /** All that is due by now; when the next is. */
  const round = Effect.gen(function*() {
    const time = now()
    let next = Infinity
    for (const schedule of held.values()) {
      if (schedule.waiting > 0 && !isRunning(schedule)) {
        schedule.waiting--
        yield* submit(schedule, time)
        keep(schedule.kept.id, schedule.kept)
      }
      if (schedule.waiting > 0) next = Math.min(next, time + 1_000)
      if (schedule.kept.isPaused) continue
      const due: Array<number> = []
      let at = nextOf(schedule.cron, schedule.kept.through)
      while (at !== undefined && at <= time && due.length < mostCaughtUp) {
        due.push(at)
        at = nextOf(schedule.cron, at)
      }
      if (due.length > 0) {
        // What is a minute late at the most was not missed.
        const missed = due.filter((each) => time - each > 60_000)
        const { catchUp } = schedule.kept.spec
        const made = catchUp === "all" ? due : catchUp === "one" ? due.slice(-1) : due.slice(missed.length)
        for (const each of made) yield* occur(schedule, each)
        schedule.kept = { ...schedule.kept, through: time }
        keep(schedule.kept.id, schedule.kept)
        at = nextOf(schedule.cron, time)
      }
      next = Math.min(next, at ?? Infinity)
    }
    return next
  })
  const wait = (next: number) =>
    // The wall clock may jump: it is looked at again once a minute.
    next === Infinity ? Queue.take(changes) : Effect.raceFirst(
      Effect.sleep(Math.min(60_000, Math.max(1, next - now()))),
      Queue.take(changes)
    )
  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(round, wait)))

  const find = (id: string) =>
    Effect.suspend(() => {
      const schedule = held.get(id)
      return schedule === undefined ? Effect.fail(new NotFound({ what: "schedule", id })) : Effect.succeed(schedule)
    })

  return {
    schedules: Effect.sync(() => [...held.values()].map(rowOf)),
    schedule: (spec: ScheduleSpec) =>
      Effect.suspend(() => {
        const cron = cronOf(spec)
        if (cron instanceof ScheduleRefused) return Effect.fail(cron)
        if (nextOf(cron, now()) === undefined) {
          return Effect.fail(new ScheduleRefused({ reason: `"${spec.cron}" never comes` }))
        }
        const id = spec.id ?? nameFor(spec, held)
        const before = held.get(id)?.kept
        const kept: Kept = {
          id,
          spec,
          isPaused: false,
          through: now(),
          ...(before?.last !== undefined && { last: before.last }),
          ...(before?.lastTask !== undefined && { lastTask: before.lastTask })
        }
        const schedule = { kept, cron, waiting: 0 }
        held.set(id, schedule)
        keep(id, kept)
        return Effect.succeed(rowOf(schedule))
      }),
    removeSchedule: (id: string) =>
      Effect.map(find(id), (schedule) => {
        held.delete(id)
        keep(id, undefined)
        return rowOf(schedule)
      }),
    pauseSchedule: (id: string, isPaused: boolean) =>
      Effect.map(find(id), (schedule) => {
        schedule.kept = { ...schedule.kept, isPaused, through: now() }
        keep(id, schedule.kept)
        return rowOf(schedule)
      })
  }
})

/** The task's name, and a number where that is taken. */
const nameFor = ({ spec: { requirement: { taskName } } }: ScheduleSpec, held: ReadonlyMap<string, Held>): string => {
  for (let number = 1;; number++) {
    const name = number === 1 ? taskName : `${taskName}-${number}`
    if (!held.has(name)) return name
  }
}
