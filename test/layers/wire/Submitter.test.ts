import * as ServerMemory from "../../../layers/ServerMemory.ts"
import * as SubmitterSuite from "../../suites/SubmitterSuite.ts"
import { stage, unix } from "./Stages.ts"

SubmitterSuite.suite("over a unix socket", (slots) => stage(slots, unix, ServerMemory.layer()))
SubmitterSuite.suite(
  "over a unix socket, as JSON",
  (slots) => stage(slots, { ...unix, encoding: "ndjson" }, ServerMemory.layer())
)
