// BullMQ at the task of the benchmark: `bullmq.js submit|work <socket of Redis>`. Results come back, as with Cadre.
import { Queue, QueueEvents, Worker } from "bullmq"
import process from "node:process"
import { drive, worker } from "./Driver.js"

const [role, path] = process.argv.slice(2)
const connection = { path, maxRetriesPerRequest: null }
const name = "bench"

if (role === "work") {
  const work = new Worker(name, (job) => Promise.resolve(job.data.n), { connection, concurrency: 128 })
  await work.waitUntilReady()
  process.on("disconnect", () => process.exit())
  process.send("ready")
} else {
  drive(async (ended) => {
    const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } })
    const events = new QueueEvents(name, { connection })
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()])
    events.on("completed", ({ returnvalue }) => ended(Number(returnvalue)))
    await worker(import.meta.url, [path])
    return (numbers) => queue.addBulk(numbers.map((n) => ({ name: "echo", data: { n } })))
  })
}
