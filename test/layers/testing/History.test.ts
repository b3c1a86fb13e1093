import { assert, describe, it } from "@effect/vitest"
import { History } from "../../../layers/testing/History.ts"
import type { Transition } from "../../../src/dispatch/Command.ts"
import type { ExecutorSpec } from "../../../src/dispatch/Event.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import type { Outcome } from "../../../src/task/Outcome.ts"
import { kind, success } from "../../suites/Parties.ts"

const executor = (name: string, capacity?: ExecutorSpec["node"]["capacity"]): ExecutorSpec => ({
  executorId: ExecutorId.make(name),
  node: { nodeId: NodeId.make("node"), ...(capacity && { capacity }) },
  slots: 2,
  prefetch: 0,
  libraries: [],
  services: [],
  labels: [],
  heartbeat: false
})

const done = success(1)
const other: Outcome = { _tag: "Interrupted", by: "", cleanly: true }

type Line = readonly [what: string, options?: Partial<Transition>]

/** Records in a few words: `Assigned 3/1 ada`, some milliseconds after the one before. */
const story = (...lines: ReadonlyArray<Line>): ReadonlyArray<Transition> => {
  let at = 0
  const records: Array<Transition> = []
  for (const [what, options = {}] of lines) {
    const [kind = "", about = "-1", executorId] = what.split(" ")
    const [task = -1, epoch = 0] = about.split("/").map(Number)
    at += options.at ?? 0
    const detail = kind === "Ended" ? done : kind === "Accepted" ? "Task" : undefined
    const by = executorId === undefined ? undefined : ExecutorId.make(executorId)
    const record = { sequence: records.length + 1, kind, task, count: 1, epoch, executorId: by, detail, ...options, at }
    // The words are those of a transition.
    records.push(record as Transition)
  }
  return records
}

const told = (history: History, records: ReadonlyArray<Transition>): ReadonlyArray<string> => {
  history.joining(executor("ada"))
  history.joining(executor("bob"))
  for (const record of records) history.recorded(record)
  return history.conclude(0)
}

const good = [["Joined -1 ada"], ["Accepted 0"], ["Assigned 0/1 ada"], ["Started 0/1 ada"], ["Ended 0/1"], [
  "Left -1 ada"
]] as const

describe("the history of a cluster", () => {
  it("has nothing to say of one that keeps its promises", () => {
    assert.deepStrictEqual(told(new History(), story(...good)), [])
    const retried = story(
      ["Accepted 0", { count: 2 }],
      ["Assigned 0/1 ada"],
      ["Started 0/1 ada"],
      ["Retrying 0/1 ada"],
      ["Left -1 ada"],
      ["Assigned 0/2 bob"],
      ["Ended 0/2", { detail: other }],
      ["Ended 1", { detail: other }]
    )
    assert.deepStrictEqual(told(new History(), retried), [])
  })

  it.each(
    [
      [
        "an ending that is missing",
        [["Accepted 0"], ["Assigned 0/1 ada"]],
        /accepted, and never ended \(task 0, Task\)/
      ],
      ["two endings", [...good, ["Ended 0/1"]], /Ended after it had ended/],
      ["an attempt after the end", [...good, ["Assigned 0/2 bob"]], /Assigned after it had ended/],
      ["an attempt at what was never accepted", [["Assigned 4/1 ada"]], /Assigned without having been accepted/],
      ["a task that is accepted twice", [...good, ["Accepted 0"]], /accepted twice/],
      [
        "two leases at once",
        [["Accepted 0"], ["Assigned 0/1 ada"], ["Assigned 0/2 bob"], ["Ended 0/2"]],
        /assigned while ada holds it/
      ],
      ["an epoch that does not grow", [["Accepted 0"], ["Assigned 0/1 ada"], ["Released 0/1"], ["Assigned 0/1 bob"], [
        "Ended 0/1"
      ]], /attempt 1 after attempt 1/],
      ["the end of an old attempt", [["Accepted 0"], ["Assigned 0/1 ada"], ["Released 0/1"], ["Assigned 0/2 bob"], [
        "Ended 0/1"
      ]], /Ended in attempt 1, current is 2/],
      [
        "a start by somebody else",
        [["Accepted 0"], ["Assigned 0/1 ada"], ["Started 0/1 bob"], ["Ended 0/1"]],
        /Started by bob, held by ada/
      ],
      [
        "an attempt for who is not there",
        [["Left -1 ada"], ["Accepted 0"], ["Assigned 0/1 ada"], ["Ended 0/1"]],
        /assigned to ada, which is not there/
      ],
      ["a gap", [["Accepted 0"], ["Ended 0", { sequence: 3 }]], /record 3 came after record 1/],
      ["time that goes back", [["Accepted 0"], ["Ended 0", { at: -1 }]], /time went back/]
    ] as const
  )("finds %s", (_, lines, violation) => {
    assert.match(told(new History(), story(...lines)).join("\n"), violation)
  })

  it("finds what takes too long, and what is too much", () => {
    const strict = kind({
      timeout: 100,
      grace: 50,
      limits: [{ name: "two", concurrency: 2 }, { name: "few", rate: 3, per: 100 }]
    })
    const violations = (...lines: ReadonlyArray<Line>) => {
      const history = new History()
      history.know([strict])
      return told(history, story(...lines)).join("\n")
    }
    const running = [["Accepted 0"], ["Assigned 0/1 ada"], ["Started 0/1 ada"]] as const
    assert.strictEqual(violations(...running, ["Ended 0/1", { at: 100 }]), "")
    assert.match(violations(...running, ["Ended 0/1", { at: 110 }]), /Ended 110 ms after its start, the timeout is 100/)
    const stopping = [...running, ["Stopping 0/1 ada", { at: 10 }]] as const
    assert.strictEqual(violations(...stopping, ["Ended 0/1", { at: 50 }]), "")
    assert.match(violations(...stopping, ["Ended 0/1", { at: 60 }]), /Ended 60 ms after it was to stop/)
    const three = [0, 1, 2].map((task): Line => [`Assigned ${task}/1 ada`])
    const ends = [0, 1, 2].map((task): Line => [`Ended ${task}/1`])
    assert.match(violations(["Accepted 0", { count: 3 }], ...three, ...ends), /exceeds the limit two \(task 2, Task\)/)
    const each = (
      task: number,
      at: number
    ): ReadonlyArray<Line> => [[`Assigned ${task}/1 ada`, { at }], [`Ended ${task}/1`]]
    const apart = (at: number): ReadonlyArray<Line> => [
      ["Accepted 0", { count: 4 }],
      ...[0, 1, 2].flatMap((task) => each(task, 0)),
      ...each(3, at)
    ]
    assert.strictEqual(violations(...apart(100)), "")
    assert.match(violations(...apart(99)), /exceeds the limit few \(task 3, Task\)/)
  })

  it("finds a node that has given out more than it has", () => {
    const history = new History()
    history.know([kind({ requirement: { demand: { cpu: 1, bytes: 0, slots: 1 } } })])
    history.joining(executor("eve", { cpu: 1.5, bytes: 10, slots: 10 }))
    const lines = story(["Accepted 0", { count: 2 }], ["Assigned 0/1 eve"], ["Assigned 1/1 eve"], ["Ended 0/1"], [
      "Ended 1/1"
    ])
    assert.match(told(history, lines).join("\n"), /node node has given out .*"cpu":2/)
  })

  it("finds submitters that hear twice, too little, or something else", () => {
    const heard = (...outcomes: ReadonlyArray<Outcome>) => {
      const history = new History()
      const entry = { kind: "list", count: 1, spec: kind(), priority: 0 } as const
      const entries = [{ entry, payloads: { _tag: "Pieces", pieces: [] }, isFollowed: false }] as const
      const flags = { whenUnmet: "fail", isOpen: false, isWatched: false } as const
      history.told("a", { _tag: "submit", request: 7, submission: "s", entries, ...flags })
      history.heard("a", { _tag: "Accepted", request: 7, first: [0], known: [] })
      assert.strictEqual(history.submitterOf(0), "a")
      for (const outcome of outcomes) {
        const ending = { request: 7, entry: 0, index: 0, count: 1, task: 0, epoch: 1, outcome, times: undefined }
        history.heard("a", { _tag: "Ended", endings: [ending] })
      }
      return told(history, story(...good)).join("\n")
    }
    assert.strictEqual(heard(done), "")
    assert.match(heard(done, done), /a heard twice how it ended/)
    assert.match(heard(), /a heard how 0 of the 1 tasks of its request 7 ended/)
    assert.match(heard(other), /a heard of Interrupted, which is not on record/)
  })

  it("finds handlers that run twice, or for ever", () => {
    const history = new History()
    history.know([kind({ delivery: "atMostOnce" })])
    history.began("Task", "0.1.0", 1)()
    history.began("Task", "0.1.0", 1)
    history.began("Task", "0.1.0", 2)()
    const violations = told(history, story(...good)).join("\n")
    assert.match(violations, /attempt 1 was run twice/)
    assert.match(violations, /ran twice although it may run only once/)
    assert.match(violations, /1 handlers still run/)
    assert.include(new History().conclude(3), "3 fibers are left")
  })

  it("finds a server on a disk that tells what is not there, forgets, or comes too late", () => {
    const entry = { kind: "list", count: 1, spec: kind(), priority: 0 } as const
    const flags = { whenUnmet: "fail", isOpen: false, isWatched: false } as const
    const submit = { _tag: "submit", request: 7, submission: "s", ...flags } as const
    const entries = [{ entry, payloads: { _tag: "Pieces", pieces: [] }, isFollowed: false }] as const
    const rest = { ended: [], acknowledged: [], departed: [], states: [], lines: [], values: [] }
    const ending = { request: 7, entry: 0, index: 0, count: 1, task: 0, epoch: 1, outcome: done, times: undefined }
    const accepted = { _tag: "Accepted", request: 7, first: [0], known: [] } as const
    const play = (
      write: (history: History, commit: (generation: number, from: number, to: number) => void) => void
    ) => {
      const history = new History()
      history.joining(executor("ada"))
      history.told("a", { ...submit, entries })
      const records = story(...good)
      write(
        history,
        (generation, from, to) =>
          history.committed({ ...rest, entries: [], transitions: records.slice(from, to) }, generation)
      )
      return history.conclude(0).join("\n")
    }
    assert.strictEqual(
      play((history, commit) => {
        commit(1, 0, 2)
        history.heard("a", accepted)
        commit(2, 2, 5)
        // Results come over the wire: they are alike, and not the same.
        history.heard("a", { _tag: "Ended", endings: [{ ...ending, outcome: structuredClone(done) }] })
        history.stopped(0)
        commit(2, 5, 6)
      }),
      "assigned to ada, which is not there (task 0, Task)\nStarted in attempt 1, current is 0 (task 0, Task)\n" +
        "Started by ada, held by nobody (task 0, Task)\nEnded in attempt 1, current is 0 (task 0, Task)\n" +
        "ada left twice"
    )
    const all = (history: History, commit: (generation: number, from: number, to: number) => void) => {
      commit(1, 0, 6)
      history.heard("a", accepted)
      history.heard("a", { _tag: "Ended", endings: [ending] })
    }
    assert.strictEqual(play(all), "")
    assert.match(
      play((history, commit) => {
        commit(1, 0, 1)
        history.heard("a", accepted)
        commit(1, 1, 6)
        history.heard("a", { _tag: "Ended", endings: [ending] })
      }),
      /acknowledged before it was on the disk/
    )
    assert.match(
      play((history, commit) => {
        commit(1, 0, 2)
        history.heard("a", accepted)
        history.stopped(0)
        history.heard("a", { _tag: "Ended", endings: [ending] })
        commit(1, 2, 6)
      }),
      /cancelled before that was on the disk[^]*told how it ended before that was on the disk/
    )
    assert.match(
      play((history, commit) => {
        commit(2, 0, 2)
        commit(1, 2, 6)
        history.heard("a", accepted)
        history.heard("a", { _tag: "Ended", endings: [ending] })
      }),
      /generation 1 wrote after 2/
    )
    assert.match(
      play((history, commit) => {
        commit(1, 0, 6)
        history.heard("a", accepted)
      }),
      /heard how 0 of the 1 tasks/
    )
    assert.strictEqual(
      play((history, commit) => {
        commit(1, 0, 6)
        history.heard("a", accepted)
        history.lost("a")
      }),
      ""
    )
  })
})
