/**
 * Answers what people ask of a server, and does what they tell it.
 *
 * @since 0.1.0
 */
import { type Cause, Clock, Effect, Option, Queue, type Scope, Stream } from "effect"
import { Operator, type OperatorError } from "../../services/Operator.ts"
import type { Server } from "../../services/Server.ts"
import { whyEnded, whyWaiting } from "../../src/operate/Reasons.ts"
import {
  type Affected,
  type ExecutorRow,
  NotFound,
  type Selector,
  type ServerView,
  type SubmissionRow,
  type TaskLine,
  Unavailable
} from "../../src/operate/View.ts"
import type { Submitted } from "../../src/protocol/SubmitterPort.ts"
import { StoreFailed } from "../../src/store/StoreFailed.ts"
import { ExecutorId } from "../../src/task/Attempt.ts"
import type { EventLoop } from "./EventLoop.ts"
import * as OwnSubmitter from "./OwnSubmitter.ts"
import * as Schedules from "./Schedules.ts"
import type { Message, Shell } from "./Shell.ts"
import { rowOf, space } from "./Submissions.ts"
import { type Known, outcomeOf, Views } from "./Views.ts"

/** What a server cannot know of itself. */
export interface About {
  readonly version: string
  readonly pid: number
  readonly addresses: ReadonlyArray<string>
  readonly store: string
  /** Bytes that the process has. */
  readonly memory: () => number
}

/** Milliseconds between two looks at whether something has come to its end. */
const lookEvery = 10
/** Milliseconds that submitters have to take their last results when the server ends. */
const lastWait = 5_000

const unavailable = ({ message }: StoreFailed): Unavailable => new Unavailable({ reason: message })

/** Failures of the store are for whoever asked. */
const asking = <A, E, R>(
  effect: Effect.Effect<A, E | StoreFailed, R>
): Effect.Effect<A, Exclude<E, StoreFailed> | Unavailable, R> =>
  Effect.mapError(
    effect,
    // What is left of the union is no failure of the store.
    (error) => error instanceof StoreFailed ? unavailable(error) : error as Exclude<E, StoreFailed>
  )

/** What operators of this server see. */
export const operating = Effect.fnUntraced(function*(
  shell: Shell,
  loop: EventLoop<Message>,
  server: Server["Service"],
  about: Partial<About>
): Effect.fn.Return<Operator["Service"], StoreFailed, Scope.Scope> {
  const { dispatcher, store } = shell
  const scope = yield* Effect.scope
  const startedAt = yield* Clock.currentTimeMillis
  const views = new Views(shell)
  const own = yield* OwnSubmitter.make(server, `the server #${store.recovered.generation}`)
  const schedules = yield* Schedules.make(shell, loop, own)

  const isOpen = ({ task }: Known): boolean => {
    const status = dispatcher.glance(task)?.status
    return status !== undefined && status !== "ended"
  }

  /** Tasks that are chosen by name, or by how they ended; undefined for whole submissions. */
  const chosen = Effect.fnUntraced(function*(selector: Selector) {
    if (selector._tag === "Tasks") return yield* Effect.forEach(selector.ids, (id) => views.find(id))
    const all: Array<Known> = []
    let below: number | undefined
    for (;;) {
      const page = yield* views.page({ selector, limit: 1_000, ...(below !== undefined && { below }) })
      for (const { id } of page.items) all.push(yield* views.find(id))
      below = page.next
      if (below === undefined) return all
    }
  })

  const until = (isDone: () => boolean): Effect.Effect<void> =>
    Effect.suspend(() =>
      isDone() || loop.isStopped() ? Effect.void : Effect.delay(Effect.suspend(() => until(isDone)), lookEvery)
    )

  const cancel = Effect.fnUntraced(function*(selector: Selector, by: string) {
    if (selector._tag === "Submission") yield* submission(selector.id)
    const open = (yield* chosen(selector)).filter(isOpen)
    for (const { task } of open) loop.tell({ _tag: "cancelled", target: { task }, by })
    yield* until(() => !open.some(isOpen))
    const ids = open.map(({ task }) => shell.idOf(task))
    const affected: Affected = { tasks: ids.length, ids: ids.slice(0, 1_000) }
    return affected
  })

  const retry = Effect.fnUntraced(function*(selector: Selector) {
    const ended = (yield* chosen(selector)).filter((known) => {
      const outcome = outcomeOf(known)
      return outcome !== undefined && outcome._tag !== "Succeeded"
    })
    const ids: Array<string> = []
    for (const { stored, task } of ended) {
      // What its payload was to hold of the results of others may be gone.
      if ((stored.entry.refs ?? []).length > 0) continue
      const { blobs, bytes, offsets } = yield* store.payloads(stored.source, task - stored.first, 1)
      const { priority, session, spec } = stored.entry
      const submitted: Submitted = {
        entry: { kind: "list", count: 1, spec, priority, ...(session !== undefined && { session }) },
        payloads: { _tag: "Pieces", pieces: [bytes.slice(offsets[0], offsets[1])] },
        isFollowed: false,
        ...(blobs && { blobs })
      }
      const answer = yield* own.submit(`retry/${shell.idOf(task)}/${loop.now()}`, [submitted])
      if ("refused" in answer) return yield* new Unavailable({ reason: `it refused: ${answer.refused._tag}` })
      ids.push(shell.idOf(answer.first[0] ?? -1))
    }
    const affected: Affected = { tasks: ids.length, ids }
    return affected
  })

  const submission = Effect.fnUntraced(function*(id: string) {
    const live = shell.submissions.find(id) ?? shell.submissions.recent(id)
    if (live !== undefined) return live
    const value = yield* store.value(space, id)
    if (Option.isNone(value)) return yield* new NotFound({ what: "submission", id })
    return rowOf(value.value)
  })

  const executorRow = (executorId: string): ExecutorRow | undefined => {
    const attached = shell.executors.get(ExecutorId.make(executorId))
    const state = dispatcher.executors.find((executor) => executor.executorId === executorId)
    if (attached === undefined || state === undefined) return undefined
    const { joinedAt, spec } = attached
    const running = dispatcher.runningOn(spec.executorId)
    return {
      executorId,
      nodeId: spec.node.nodeId,
      ...(spec.pid !== undefined && { pid: spec.pid }),
      slots: state.slots,
      running,
      held: state.leases - running,
      isDraining: state.isDraining,
      isConnected: true,
      libraries: spec.libraries.map(({ name, version }) => `${name}@${version}`),
      labels: spec.labels,
      services: spec.services,
      joinedAt
    }
  }
  const executors = () => [...shell.executors.keys()].flatMap((id) => executorRow(id) ?? [])

  const status = Effect.sync((): ServerView => {
    const { refused } = dispatcher.statistics
    const counts = dispatcher.submissions.map(({ counts }) => counts)
    const sum = (of: (each: (typeof counts)[number]) => number) => counts.reduce((total, each) => total + of(each), 0)
    const queued = sum(({ queued }) => queued)
    const rows = executors()
    const alerts = [
      ...(queued > 0 && rows.length === 0 ? [`${queued} tasks wait and there is no executor`] : []),
      ...dispatcher.unmet.map(({ missing, taskName }) =>
        `${taskName} waits for an executor: it lacks ${missing.join("; ")}`
      )
    ]
    return {
      version: about.version ?? "",
      pid: about.pid ?? 0,
      generation: store.recovered.generation,
      startedAt,
      addresses: about.addresses ?? [],
      store: about.store ?? "",
      isDurable: store.isDurable,
      isDraining: dispatcher.isDraining,
      memory: Math.round(about.memory?.() ?? 0),
      submitters: [...shell.sessions.values()].filter(({ notices }) => notices !== undefined).length - 1,
      queued,
      running: sum(({ running }) => running),
      ended: shell.counts.ended,
      failed: shell.counts.failed,
      refused,
      executors: rows,
      alerts
    }
  })

  const logs = Effect.fnUntraced(function*(id: string, follow: boolean) {
    const known = yield* views.find(id)
    const { task } = known
    const queue = yield* Queue.unbounded<TaskLine & { readonly number: number }, Cause.Done>()
    const follower: Parameters<typeof shell.lineFollowers.add>[0] = (lease, line) => {
      if (lease.task === task) Queue.offerUnsafe(queue, { epoch: lease.epoch, line, number: shell.journal.lines })
    }
    shell.lineFollowers.add(follower)
    yield* Effect.addFinalizer(() => Effect.sync(() => shell.lineFollowers.delete(follower)))
    const offered = shell.journal.lines
    yield* until(() => {
      shell.journal.flush()
      return shell.journal.committedLines >= offered
    })
    // Those up to here are read; what comes later comes through the queue.
    const first: Array<TaskLine> = []
    let committed = 0
    for (let after: number | undefined = 0; after !== undefined;) {
      committed = shell.journal.committedLines
      const page: { items: ReadonlyArray<TaskLine>; next: number | undefined } = yield* store.lines(task, after, 1_000)
      for (const { epoch, line } of page.items) first.push({ epoch, line })
      after = page.next
    }
    const read = committed
    if (!follow) return Stream.fromIterable(first)
    const ended = Effect.andThen(until(() => !isOpen(known)), Effect.sync(() => Queue.endUnsafe(queue)))
    yield* Effect.forkScoped(ended)
    const later = Stream.fromQueue(queue).pipe(
      Stream.filter(({ number }) => number > read),
      Stream.map(({ epoch, line }): TaskLine => ({ epoch, line }))
    )
    return Stream.concat(Stream.fromIterable(first), later)
  })

  const progress = Effect.fnUntraced(function*(id: string) {
    const row = yield* submission(id)
    if (row.isEnded) return Stream.succeed(row)
    const queue = yield* Queue.sliding<SubmissionRow, Cause.Done>(1)
    const stop = shell.submissions.watch((row) => {
      if (row.id !== id) return
      Queue.offerUnsafe(queue, row)
      if (row.isEnded) Queue.endUnsafe(queue)
    })
    yield* Effect.addFinalizer(() => Effect.sync(stop))
    yield* Effect.forkScoped(
      Effect.andThen(loop.ask({ _tag: "tick" }), until(() => shell.submissions.find(id) === undefined)).pipe(
        Effect.andThen(Effect.sync(() => Queue.endUnsafe(queue)))
      )
    )
    Queue.offerUnsafe(queue, row)
    return Stream.fromQueue(queue)
  })

  const end = Effect.fnUntraced(function*(drain: boolean) {
    if (drain) {
      yield* server.drain()
      yield* until(() => dispatcher.leased.length === 0)
      const isTaken = () =>
        shell.journal.isEmpty &&
        [...shell.sessions.values()].every(({ acknowledged, notices, sent }) =>
          notices === undefined || acknowledged >= sent
        )
      yield* Effect.raceFirst(until(isTaken), Effect.sleep(lastWait))
    }
    loop.stop("it was told to stop")
  })

  const service: Operator["Service"] = {
    ...schedules,
    status,
    tasks: (query) =>
      asking(Effect.map(views.page(query), ({ items, next }) => ({ items, ...(next !== undefined && { next }) }))),
    task: (id) => asking(Effect.flatMap(views.find(id), views.view)),
    logs: (id, { follow }): Stream.Stream<TaskLine, OperatorError | NotFound> =>
      Stream.unwrap(asking(logs(id, follow))),
    explain: (id) =>
      asking(Effect.gen(function*() {
        const known = yield* views.find(id)
        const { status } = views.row(known)
        const outcome = outcomeOf(known)
        const transitions = outcome === undefined ? yield* store.transitionsOf(known.task) : []
        const now = loop.now()
        const words = outcome === undefined
          ? whyWaiting(dispatcher.explain(known.task), transitions, now)
          : whyEnded(outcome, id)
        return { id, status, ...words }
      })),
    cancel: (selector, by) => asking(cancel(selector, by)),
    retry: (selector) => asking(retry(selector)),
    submissions: ({ below, limit }) =>
      asking(Effect.map(store.values(space), (values) => {
        const ended = values.flatMap(({ value }) => value === undefined ? [] : [rowOf(value)])
          .toSorted((left, right) => right.submittedAt - left.submittedAt)
        const all = [...shell.submissions.rows, ...ended]
        const from = below ?? 0
        const items = all.slice(from, from + limit)
        return { items, ...(from + limit < all.length && { next: from + limit }) }
      })),
    submission: (id) => asking(submission(id)),
    progress: (id) => Stream.unwrap(asking(progress(id))),
    results: ({ after, limit, submission: id }) =>
      asking(Effect.gen(function*() {
        yield* submission(id)
        const { items, next } = yield* store.endings({ submission: id, after, limit })
        const rows = yield* Effect.forEach(items, ({ index, outcome, sequence, task }) =>
          Effect.map(store.entryOf(task), (entry) => ({
            id: shell.idOf(task),
            taskName: Option.match(entry, {
              onNone: () =>
                "",
              onSome: ({ entry }) => entry.spec.requirement.taskName
            }),
            index,
            sequence,
            outcome
          })))
        return { items: rows, ...(next !== undefined && { next }) }
      })),
    executors: Effect.sync(executors),
    drainExecutor: Effect.fnUntraced(function*(executorId, { stop }) {
      const row = executorRow(executorId)
      if (row === undefined) return yield* new NotFound({ what: "executor", id: executorId })
      yield* server.drain(executorId)
      if (stop) shell.command(ExecutorId.make(executorId), { _tag: "Stop" })
      return executorRow(executorId) ?? row
    }),
    drain: server.drain(),
    stop: ({ drain }) => Effect.asVoid(Effect.forkIn(Effect.delay(end(drain), lookEvery), scope))
  }
  return Operator.of(service)
})
