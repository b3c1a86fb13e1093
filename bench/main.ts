/** Measures what the docs promise, and prints a table. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Option, Schema } from "effect"
import { CliConfig, Command, Flag, GlobalFlag } from "effect/cli"
import { availableParallelism, cpus } from "node:os"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { type Figure, ratio, Result } from "./Figure.ts"
import { figures, rivals } from "./figures.ts"
import { output } from "./NodeProcess.ts"
import { table } from "./Table.ts"

const decodeResults = Schema.decodeEffect(Schema.fromJsonString(Schema.Array(Result)))

/** In a process of its own, so that no figure warms up or burdens another. */
const measureApart = ({ name }: Figure) =>
  Effect.flatMap(
    output("--conditions=cadre-source", "--expose-gc", fileURLToPath(new URL("measure.ts", import.meta.url)), name),
    decodeResults
  )

const smoke = Flag.Boolean("smoke").pipe(
  Flag.withDescription("Only see that everything runs, within seconds; the numbers mean nothing"),
  Flag.withDefault(false)
)
const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print the results as one JSON document"),
  Flag.withDefault(false)
)
const withRivals = Flag.Boolean("rivals").pipe(
  Flag.withDescription("Measure the queues of others on disk, too; the first time they are installed for that"),
  Flag.withDefault(false)
)
const only = Flag.Literals("only", [...figures, ...rivals].map(({ name }) => name)).pipe(
  Flag.withDescription("Measure one figure"),
  Flag.optional
)

const bench = Command.make(
  "bench",
  { smoke, json, rivals: withRivals, only },
  Effect.fnUntraced(function*({ json, only, rivals: isWithRivals, smoke }) {
    const wanted = Option.isSome(only)
      ? [...figures, ...rivals].filter(({ name }) => only.value === name)
      : isWithRivals
      ? [...figures, ...rivals]
      : figures
    const results = yield* Effect.forEach(wanted, (figure) =>
      Effect.andThen(
        Console.error(`Measuring ${figure.name}: ${figure.description}`),
        smoke ? figure.measure("smoke") : measureApart(figure)
      ))
    const rows = results.flat()
    const machine = { node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism() }
    const remark = smoke ? "A smoke run: the numbers mean nothing" : "Medians of rounds"
    yield* Console.log(
      json
        ? JSON.stringify(
          { machine, isSmoke: smoke, results: rows.map((row) => ({ ...row, ratio: ratio(row) })) },
          null,
          2
        )
        : `\n${table(rows)}\n\n${remark}. Node ${machine.node} on ${machine.cores} cores of ${machine.cpu}`
    )
  })
).pipe(Command.withDescription("Measures what the docs promise, in under three minutes."))

Command.run(bench, { version: "1.0.0" }).pipe(
  Effect.provide([CliConfig.layer({ builtIns: [GlobalFlag.Help] }), NodeServices.layer]),
  NodeRuntime.runMain
)
