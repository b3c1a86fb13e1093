import { Layer } from "effect"
import * as InProcess from "../../layers/InProcess.ts"
import * as TestInProcess from "../../layers/testing/TestInProcess.ts"
import * as VirtualTime from "../../layers/testing/VirtualTime.ts"
import { Stage } from "../suites/Stage.ts"
import * as SubmitterSuite from "../suites/SubmitterSuite.ts"
import { JsonLive, SuiteLive } from "../suites/Tasks.ts"

const all = Layer.merge(SuiteLive, JsonLive)

SubmitterSuite.suite("in process", (slots) => InProcess.layer(all, { slots }).pipe(Layer.provideMerge(Stage.layer)))

const inTurns = (slots: number) => TestInProcess.layer(all, { slots }).pipe(Layer.provideMerge(Stage.layer))
SubmitterSuite.suite("in process, in virtual time", inTurns)
SubmitterSuite.suiteTimed("in process, in virtual time", inTurns)

for (const seed of [1, 2, 3]) {
  const inOrder = (slots: number) =>
    InProcess.layer(all, { slots }).pipe(
      Layer.provideMerge(VirtualTime.layer({ seed })),
      Layer.provideMerge(Stage.layer)
    )
  SubmitterSuite.suite(`in process, in the order of seed ${seed}`, inOrder)
  SubmitterSuite.suiteTimed(`in process, in the order of seed ${seed}`, inOrder)
}
