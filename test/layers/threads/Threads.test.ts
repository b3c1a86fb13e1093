import { afterAll, beforeAll } from "@effect/vitest"
import * as Artefact from "./Artefact.ts"
import * as IsolationSuite from "./IsolationSuite.ts"
import * as LeaksSuite from "./LeaksSuite.ts"
import * as ModulesSuite from "./ModulesSuite.ts"
import places from "./Places.ts"
import { texts } from "./Texts.ts"
import troubles from "./Trouble.ts"
import * as TroubleSuite from "./TroubleSuite.ts"

let made: Artefact.Artefact

beforeAll(async () => {
  made = await Artefact.make([troubles, places], texts)
})

afterAll(() => made.remove())

for (const { suite } of [ModulesSuite, TroubleSuite, IsolationSuite, LeaksSuite]) suite(() => made)
