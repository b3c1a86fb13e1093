/** Measures the one figure that is named, and prints its results as JSON. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import process from "node:process"
import { figures, rivals } from "./figures.ts"

const name = process.argv[2]
const measured = Effect.forEach(
  [...figures, ...rivals].filter((figure) => figure.name === name),
  ({ measure }) => measure("quick")
)

NodeRuntime.runMain(Effect.flatMap(measured, (results) => Console.log(JSON.stringify(results.flat()))))
