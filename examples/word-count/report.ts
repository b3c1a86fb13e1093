/** What the run found, for people and for programs. */
import { type Busy, busyText } from "./busy.ts"
import { number, time } from "./numbers.ts"
import type { Tally } from "./tally.ts"

const shownWords = 20

const files = (count: number): string => `${number(count)} ${count === 1 ? "file" : "files"}`

/** The result as data. */
export const report = (tally: Tally, folder: string, seconds: number, busy: ReadonlyArray<Busy>) => ({
  folder,
  files: tally.files,
  bytes: tally.bytes,
  distinctWords: tally.distinctWords,
  words: tally.top(shownWords),
  failed: tally.failed,
  failures: tally.failures,
  seconds,
  tasksPerSecond: tally.files / Math.max(seconds, 0.001),
  executors: busy
})

/** The result as text. */
export const reportText = (result: ReturnType<typeof report>): string => {
  const width = number(result.words[0]?.count ?? 0).length
  const failures = result.failures.flatMap(({ count, examples, reason }) => [
    `  ${number(count)} ${reason}`,
    ...examples.map((path) => `    ${path}`),
    ...(count > examples.length ? ["    ..."] : [])
  ])
  return [
    `Words of ${result.folder}`,
    "",
    ...result.words.map(({ count, word }) => `  ${number(count).padStart(width)}  ${word}`),
    "",
    `${files(result.files)}, ${number(result.bytes)} bytes of text, ${number(result.distinctWords)} different words`,
    `Not counted: ${files(result.failed)}`,
    ...failures,
    "",
    `${time(result.seconds)}, ${number(result.tasksPerSecond)} tasks a second`,
    // A server's executors are none of this program.
    ...(result.executors.length === 0 ? [] : [busyText(result.executors)])
  ].join("\n")
}
