import type { Bug } from "./Plant.ts"

/** Defects of server, store and wire. Each breaks a promise that the drills look at. */
export const bugs: ReadonlyArray<Bug> = [
  {
    name: "told before it is committed",
    file: "layers/server/Shell.ts",
    find: "const commits = store.isDurable ? \"awaited\" : \"immediate\"",
    replace: "const commits = \"immediate\" as const",
    seed: 1
  },
  {
    name: "a commit in doubt counts as one that is there",
    file: "layers/server/Shell.ts",
    find: "if (committed === \"committed\") {",
    replace: "if (committed !== \"refused\") {",
    seed: 5
  },
  {
    name: "what was committed before the last commit is all that is told",
    file: "layers/server/Journal.ts",
    find: "const through = pending.transitions.at(-1)?.sequence ?? this.#sequence",
    replace: "const through = (pending.transitions.at(-1)?.sequence ?? this.#sequence) - 1",
    seed: 2
  },
  {
    name: "a request that was answered before a restart is carried out again",
    file: "layers/server/Intake.ts",
    find: "if (known?.isRestored === true) {",
    replace: "if (known?.isRestored === true && request < 0) {",
    seed: 1,
    theme: "storm"
  },
  {
    name: "endings are not told again to who comes back",
    file: "layers/server/ServerStored.ts",
    find: "session.hasMissed = isKnown",
    replace: "session.hasMissed = false",
    seed: 1,
    theme: "storm"
  },
  {
    name: "who does not come back after a restart is waited for",
    file: "layers/server/ServerStored.ts",
    find: "session.notices === undefined && session.leaving === undefined ? leave(session) : Effect.void",
    replace: "session.notices === undefined && session.leaving !== undefined ? leave(session) : Effect.void",
    seed: 1,
    theme: "storm"
  },
  {
    name: "who has left is not written down",
    file: "layers/server/Shell.ts",
    find: "this.journal.departed(session.submitter)",
    replace: "",
    seed: 1
  },
  {
    name: "what was held is never given up",
    file: "src/dispatch/Holding.ts",
    find: "if (executorId === undefined || state.tasks.epoch(task) !== epoch) return",
    replace: "if (task >= 0) return",
    seed: 2
  },
  {
    name: "attempts are counted from one again after a restart",
    file: "src/dispatch/Submitting.ts",
    find: "page.epoch[at] = epoch",
    replace: "page.epoch[at] = 0",
    seed: 1
  },
  {
    name: "the store forgets who has an attempt",
    file: "src/store/EntryTasks.ts",
    find: "        task.executorId = executorId\n",
    replace: "",
    seed: 2
  },
  {
    name: "an ending is not recovered",
    file: "src/store/EntryTasks.ts",
    find: "for (let index = from; index < from + count; index++) this.#finish(",
    replace: "for (let index = from; index < from + count - 1; index++) this.#finish(",
    seed: 2
  },
  {
    name: "a store that was opened anew numbers from the start",
    file: "layers/store/MemoryVolume.ts",
    find: "    sequence: contents.sequence,\n    nextSource",
    replace: "    sequence: 0,\n    nextSource",
    seed: 1
  },
  {
    name: "every server is of the same generation",
    file: "layers/store/MemoryVolume.ts",
    find: "(generations.at(-1)?.generation ?? 0) + 1",
    replace: "1",
    seed: 5
  },
  {
    name: "what was not acknowledged is not sent again",
    file: "src/protocol/session/Link.ts",
    find: "    this.#written = this.#acknowledged\n    this.#inFlight = 0\n    return true",
    replace: "    this.#inFlight = 0\n    return true",
    seed: 12
  },
  {
    name: "what was said last is acknowledged, whether it has come or not",
    file: "layers/wire/Seat.ts",
    find: "    this.#told = this.#frozen ?? received\n",
    replace: "    this.#told = received > 0 ? received + 1 : 0\n",
    seed: 1
  },
  {
    name: "reports that a restarted server did not acknowledge are dropped",
    file: "src/protocol/session/ExecutorSession.ts",
    find: "if (word._tag === \"ended\") this.#say({ ...word, reports: word.reports.map(dated) })",
    replace: "if (word._tag === \"ended\") continue",
    seed: 30
  },
  {
    name: "endings are told to the submitter twice",
    file: "src/protocol/session/SubmitterSession.ts",
    find: "while (to < end && seen[to] === 0) seen[to++] = 1",
    replace: "while (to < end && seen[to] === 0) to++",
    seed: 28
  },
  {
    name: "a submission that was not answered is not handed over again",
    file: "src/protocol/session/SubmitterSession.ts",
    find: "if (request.message !== undefined) this.#hand(wire, request.message)",
    replace: "if (request.message !== undefined && !isKnown) this.#hand(wire, request.message)",
    seed: 1,
    theme: "storm"
  },
  {
    name: "a beginning that was not heard of is taken for known",
    file: "layers/wire/Listener.ts",
    find: "const isUnheard = open.begun !== undefined && open.begun === seat.begun",
    replace: "const isUnheard = open.begun === -1",
    seed: 1,
    theme: "storm"
  },
  {
    name: "a session is forgotten with its connection",
    file: "layers/wire/Seat.ts",
    find: "this.#expiry = timing.after(sessionTime,",
    replace: "this.#expiry = timing.after(0,",
    seed: 1
  },
  {
    name: "nobody says that they have heard that they have left",
    file: "layers/wire/Talk.ts",
    find: "    this.line.tell(this.#channel, this.link.received)\n",
    replace: "",
    seed: 1
  },
  {
    name: "a server that is silent is waited for",
    file: "layers/wire/Line.ts",
    find: "if (this.timing.now() - wire.readAt > silence)",
    replace: "if (this.timing.now() < 0)",
    seed: 1
  }
]
