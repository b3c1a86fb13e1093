/**
 * What cannot be asked for together when tasks are handed over.
 *
 * @since 0.1.0
 */
import { Option } from "effect"

type Flag = Option.Option<unknown> | boolean | ReadonlyArray<unknown>

/** The flags that are in each other's way. */
export interface Asked {
  readonly payload: Flag
  readonly from: Flag
  readonly onBadLine: "stop" | "skip"
  readonly connect: Flag
  readonly inProcess: boolean
  readonly threads: Flag
  readonly memory: Flag
  readonly results: boolean
  readonly follow: Flag
  readonly detach: boolean
  readonly progress: Flag
  readonly timeout: Flag
  readonly concurrency: Flag
  readonly name: Flag
  readonly delay: Flag
  readonly after: Flag
  readonly cron: Flag
  readonly timeZone: Flag
  readonly catchUp: Flag
  readonly overlap: Flag
}

type Name = Exclude<keyof Asked, "onBadLine">

const written = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Each flag with those that it excludes, and why. */
const exclusions: ReadonlyArray<readonly [flag: Name, others: ReadonlyArray<Name>, why: string]> = [
  ["payload", ["from"], "name one of them"],
  ["inProcess", ["detach"], "tasks of this process end with it"],
  ["inProcess", ["cron"], "a schedule is kept by a server"],
  [
    "detach",
    ["results", "follow", "timeout", "concurrency"],
    "it leaves before the tasks have ended; cadre submission wait waits for them"
  ],
  [
    "cron",
    ["from", "detach", "results", "follow", "timeout", "concurrency", "delay", "after"],
    "a schedule submits one task at each of its times, and this command none"
  ]
]

const isAsked = (flag: Flag): boolean =>
  typeof flag === "boolean" ? flag : Option.isOption(flag) ? Option.isSome(flag) : flag.length > 0

/** What is wrong, and what to do about it; undefined where nothing is. */
export const conflict = (asked: Asked): string | undefined => {
  for (const [flag, others, why] of exclusions) {
    const other = isAsked(asked[flag]) ? others.find((name) => isAsked(asked[name])) : undefined
    if (other !== undefined) return `${written(flag)} and ${written(other)} exclude each other: ${why}`
  }
  const { catchUp, cron, from, inProcess, memory, onBadLine, overlap, threads, timeZone } = asked
  if (inProcess && isAsked(memory) && !isAsked(threads)) {
    return "--memory is for worker threads: --in-process alone has none, add --threads"
  }
  if (!isAsked(from) && onBadLine === "skip") return "--on-bad-line is for the lines of --from"
  if (!isAsked(cron)) {
    const part = ([["timeZone", timeZone], ["catchUp", catchUp], ["overlap", overlap]] as const).find(([, flag]) =>
      isAsked(flag)
    )
    if (part !== undefined) return `${written(part[0])} is for --cron`
  }
  return undefined
}
