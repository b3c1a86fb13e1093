// Commits without end to the store that is named, and says after each how far it is; with `once`, opens it and ends.
import process from "node:process"
import { openFile } from "../../layers/store/SqliteFile.ts"
import { openVolume } from "../../layers/store/SqliteVolume.ts"
import { Book, crashed, succeeded } from "./Book.ts"

const [path = "", how = "", who = ""] = process.argv.slice(2)
// Only now: others may have no right to read what was imported.
if (who === "nobody" && process.getuid?.() === 0) {
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}
const fail = (error: unknown): never => {
  say(`failed ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
const say = (text: string) => process.stdout.write(`${text}\n`)

try {
  const opened = openFile(path, "the writer")
  const volume = openVolume(opened, { owner: "the writer", pid: process.pid, now: Date.now(), incarnation: "writer" })
  const { generation, nextSource, past, sequence } = volume.recovered
  const book = new Book({ generation, nextSource, sequence, next: past.reduce((sum, { count }) => sum + count, 0) })
  say(`opened ${sequence}`)
  // Each commit is an entry with a task more than the last, all of which end with it, and as many bytes as make several pages.
  const next = () => {
    const count = 1 + book.nextSource % 7
    const { first, source } = book.accept({ entry: { count }, size: 3_000 })
    for (let task = first; task < first + count; task++) {
      book.end(task, task % 2 === 0 ? succeeded(task % 256) : crashed)
    }
    try {
      say(`${volume.commit(book.take({ ended: [source] }))} ${book.sequence}`)
      setImmediate(next)
    } catch (error) {
      fail(error)
    }
  }
  if (how === "once") opened.close()
  else if (how === "hold") setInterval(() => {}, 10_000)
  else next()
} catch (error) {
  fail(error)
}
