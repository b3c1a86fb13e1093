import { Effect, Layer } from "effect"
import * as ServerMemory from "../../../layers/ServerMemory.ts"
import * as SubmitterSuite from "../../suites/SubmitterSuite.ts"
import { stage, unix } from "./Stages.ts"
import { tcp, tls } from "./Ways.ts"

SubmitterSuite.suite("over a unix socket", (slots) => stage(slots, unix, ServerMemory.layer()))
SubmitterSuite.suite("over TCP, as JSON", (slots) => stage(slots, tcp, ServerMemory.layer()))

// Its certificates are made once.
const secured = Effect.runSync(Effect.cached(tls))
SubmitterSuite.suite(
  "over TLS",
  (slots) =>
    Layer.unwrap(Effect.map(secured, (way) => stage(slots, way, ServerMemory.layer()))) as ReturnType<
      typeof stage
    >
)
