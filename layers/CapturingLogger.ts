/**
 * What a handler logs, for whoever wants its log.
 *
 * @since 0.1.0
 */
import { Cause, Formatter, Logger, Record, References } from "effect"
import type { LogLine } from "../src/task/LogLine.ts"
import { CurrentLog } from "./logs/AttemptLog.ts"

const asText = (value: unknown): string => typeof value === "string" ? value : Formatter.format(value)

/** What the Logger was told, as a line. */
export const lineOf = ({ cause, date, fiber, logLevel, message }: Logger.Options<unknown>): LogLine => {
  const parts = Array.isArray(message) ? message : [message]
  const time = date.getTime()
  const spans = fiber.getRef(References.CurrentLogSpans)
  return {
    time,
    level: logLevel,
    message: [...parts, ...(cause.reasons.length > 0 ? [Cause.pretty(cause)] : [])].map(asText).join(" "),
    annotations: Record.map(fiber.getRef(References.CurrentLogAnnotations), asText),
    ...(spans.length > 0 && { spans: Object.fromEntries(spans.map(([label, start]) => [label, time - start])) })
  }
}

/**
 * The loggers that there are, and one that adds each line to the log of its
 * attempt. What the others print must not come to that log for the second
 * time: they are called by `muted`.
 */
export const capturing = (
  loggers: ReadonlySet<Logger.Logger<unknown, unknown>>,
  muted: (print: () => void) => void
): ReadonlySet<Logger.Logger<unknown, unknown>> => {
  const capture = Logger.make((options) => {
    const log = options.fiber.getRef(CurrentLog)
    log?.add(lineOf(options))
    // It prints, and does nothing else.
    const isNeeded = log === undefined || log.isTeed || log.isEnded
    muted(() => {
      for (const logger of loggers) if (isNeeded || logger !== Logger.defaultLogger) logger.log(options)
    })
  })
  return new Set([capture])
}
