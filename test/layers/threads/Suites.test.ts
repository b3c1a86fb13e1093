import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { makeKeys } from "../../../layers/SealerNode.ts"
import * as Threads from "../../../layers/Threads.ts"
import { ExecutorThread } from "../../../layers/threads/ExecutorThread.ts"
import { Executor } from "../../../services/Executor.ts"
import { ExecutorId, NodeId } from "../../../src/task/Attempt.ts"
import * as ExecutorSuite from "../../suites/ExecutorSuite.ts"
import * as SubmitterSuite from "../../suites/SubmitterSuite.ts"
import * as Artefact from "./Artefact.ts"
import suites from "./Suites.ts"
import * as ThreadStage from "./ThreadStage.ts"

let artefact: Artefact.Artefact

beforeAll(async () => {
  artefact = await Artefact.make([suites])
})

afterAll(() => artefact.remove())

const executor = Layer.effect(
  Executor,
  Effect.gen(function*() {
    const { entry, module } = artefact
    const thread = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new ExecutorThread({ url: module(suites).url, entry, keys: makeKeys(), slots: 4, name: "ada", memory: 2 ** 28 })
      ),
      ({ close }) => close
    )
    return Executor.of({
      spec: {
        executorId: ExecutorId.make("ada"),
        node: { nodeId: NodeId.make("node") },
        slots: 4,
        prefetch: 4,
        libraries: [],
        services: [],
        labels: [],
        heartbeat: false
      },
      serve: (port) =>
        thread.serve(port, {
          executorId: "ada",
          libraries: [],
          connect: () => Effect.die("Its tasks submit none here")
        }),
      load: Effect.sync(() => thread.load)
    })
  })
)

ExecutorSuite.suite("threads", executor.pipe(Layer.provideMerge(ThreadStage.layer)), { isTimed: false })

/** Where it matters most that there are several; each takes its time to start. */
const groups = new Set(["streams", "sets", "kinds"])

SubmitterSuite.suite("threads", (slots, group) =>
  Layer.suspend(() => {
    const threads = groups.has(group) ? 2 : 1
    return Threads.layer(artefact.module(suites), { entry: artefact.entry, threads, slots: slots / threads })
  }).pipe(Layer.provideMerge(ThreadStage.layer)))
