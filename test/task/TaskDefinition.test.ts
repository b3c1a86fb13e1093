import { assert, it } from "@effect/vitest"
import { Context, Duration, Schema } from "effect"
import * as TaskDefinition from "../../src/task/TaskDefinition.ts"
import { TaskSpec } from "../../src/task/TaskSpec.ts"

class Gpu extends Context.Service<Gpu, object>()("app/Gpu") {}

const render = TaskDefinition.make("Render", {
  payload: { scene: Schema.String },
  requires: [Gpu],
  labels: ["linux"],
  timeout: "2 seconds",
  deadline: "1 hour",
  priority: -3,
  attempts: 4,
  demand: { cpu: 0.5, bytes: "2 KiB" },
  limits: [{ name: "gpu", concurrency: 2 }, { name: "api", rate: 10, per: "1 minute" }],
  idempotencyKey: ({ scene }) => scene
})
const library = { libraryName: "pictures", version: "1.2.3", encoding: "binary" } as const

it("has defaults", () => {
  const task = TaskDefinition.make("Ping")
  assert.strictEqual(task.payload, Schema.Void)
  assert.strictEqual(task.priority, 0)
  assert.strictEqual(task.delivery, "atLeastOnce")
  assert.strictEqual(Duration.toMillis(task.grace), 5000)
  assert.deepStrictEqual(TaskDefinition.toSpec(task, library).limits, [])
})

it("is plain data to a server", () => {
  const spec = TaskDefinition.toSpec(render, library)
  assert.deepStrictEqual(spec, {
    requirement: {
      library: "pictures",
      version: "1.2.3",
      fingerprint: spec.requirement.fingerprint,
      taskName: "Render",
      services: ["app/Gpu"],
      labels: ["linux"],
      demand: { cpu: 0.5, bytes: 2048, slots: 1 }
    },
    encoding: "binary",
    delivery: "atLeastOnce",
    timeout: 2000,
    attempts: 4,
    grace: 5000,
    limits: [{ name: "gpu", concurrency: 2 }, { name: "api", rate: 10, per: 60_000 }]
  })
  assert.isTrue(Schema.is(TaskSpec)(spec))
})

it("is the same object for the same library", () => {
  assert.strictEqual(TaskDefinition.toSpec(render, library), TaskDefinition.toSpec(render, { ...library }))
  assert.notStrictEqual(
    TaskDefinition.toSpec(render, library),
    TaskDefinition.toSpec(render, { ...library, encoding: "json" })
  )
})

it("has keys for its payloads", () => {
  assert.strictEqual(TaskDefinition.idempotencyKey(render, { scene: "x" }), "x")
  assert.isUndefined(TaskDefinition.idempotencyKey(TaskDefinition.make("Ping"), undefined))
})

it.each([
  ["priority", { priority: 0.5 }],
  ["attempts", { attempts: 0 }],
  ["concurrency of limit a", { limits: [{ name: "a", concurrency: 0 }] }],
  ["rate of limit a", { limits: [{ name: "a", rate: -1, per: "1 second" as const }] }]
])("refuses a bad %s by the name of the task", (what, options) => {
  assert.throws(() => TaskDefinition.make("Render", options), new RegExp(`^Task Render: .*${what}`))
})
