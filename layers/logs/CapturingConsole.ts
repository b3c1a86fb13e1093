/**
 * Effect's Console for handlers whose output somebody wants.
 *
 * @since 0.1.0
 */
import { type Console, Fiber } from "effect"
import { type AttemptLog, CurrentLog } from "./AttemptLog.ts"

/** What it is between. */
export interface Surroundings {
  /** The program's own. */
  readonly console: Console.Console
  /** The attempt that goes on where no fiber does. */
  readonly current: () => AttemptLog | undefined
  /** Whether what is written was taken in another form. */
  readonly isMuted: () => boolean
}

const methods = [
  "assert",
  "clear",
  "count",
  "countReset",
  "debug",
  "dir",
  "dirxml",
  "error",
  "group",
  "groupCollapsed",
  "groupEnd",
  "info",
  "log",
  "table",
  "time",
  "timeEnd",
  "timeLog",
  "trace",
  "warn"
] as const satisfies ReadonlyArray<keyof Console.Console>

type Method = (...values: ReadonlyArray<unknown>) => void

/** Finds the attempt that somebody writes in, and writes to its log. Its methods need no `this`, as Node's. */
export const capturingConsole = ({ console, current, isMuted }: Surroundings): Console.Console => {
  const attempt = (): AttemptLog | undefined => Fiber.getCurrent()?.getRef(CurrentLog) ?? current()
  const write = (name: typeof methods[number], values: ReadonlyArray<unknown>): void => {
    const log = attempt()
    const isOpen = log !== undefined && !log.isEnded
    const toProgram = !isOpen || log.isTeed
    // Each method takes what it was given; a terminal that is not there cannot be cleared.
    const call = (target: Console.Console) => (target[name] as Method)(...values)
    if (isOpen && !isMuted() && name !== "clear") call(log.console)
    if (toProgram) call(console)
  }
  // Every method is there.
  return Object.fromEntries(
    methods.map((name) => [name, (...values: ReadonlyArray<unknown>) => write(name, values)])
  ) as unknown as Console.Console
}
