// Graphile Worker at the task of the benchmark: `graphile.js submit|work <connection string>`. It keeps no results: its
// worker tells, past the database, which tasks have ended there.
import { Logger, makeWorkerUtils, run } from "graphile-worker"
import process from "node:process"
import { drive, worker } from "./Driver.js"

const [role, connectionString] = process.argv.slice(2)
const logger = new Logger(() => () => undefined)

if (role === "work") {
  const runner = await run({
    preset: {
      worker: {
        connectionString,
        concurrentJobs: 64,
        maxPoolSize: 10,
        // In batches, as its manual has it for the highest throughput.
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0
      }
    },
    logger,
    taskList: { echo: () => undefined }
  })
  let together = []
  runner.events.on("job:complete", ({ job }) => {
    if (together.push(job.payload.n) > 1) return
    setImmediate(() => {
      process.send(together)
      together = []
    })
  })
  process.on("disconnect", () => process.exit())
  process.send("ready")
} else {
  drive(async (ended) => {
    const utils = await makeWorkerUtils({ connectionString, logger })
    await utils.migrate()
    const child = await worker(import.meta.url, [connectionString])
    child.on("message", (numbers) => {
      for (const n of numbers) ended(n)
    })
    return (numbers) => utils.addJobs(numbers.map((n) => ({ identifier: "echo", payload: { n } })))
  })
}
