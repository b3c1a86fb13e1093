/**
 * What a handler logs, for whoever follows its task.
 *
 * @since 0.1.0
 */
import { Cause, Context, Formatter, Logger, Record, References } from "effect"
import type { LogLine } from "../src/task/LogLine.ts"

const asText = (value: unknown): string => typeof value === "string" ? value : Formatter.format(value)

/** The loggers that there are, and one that sends each line. */
export const capturing = (
  context: Context.Context<never>,
  send: (line: LogLine) => void
): ReadonlySet<Logger.Logger<unknown, unknown>> => {
  const capture = Logger.make(({ cause, date, fiber, logLevel, message }) => {
    const parts = Array.isArray(message) ? message : [message]
    send({
      time: date.getTime(),
      level: logLevel,
      message: [...parts, ...(cause.reasons.length > 0 ? [Cause.pretty(cause)] : [])].map(asText).join(" "),
      annotations: Record.map(fiber.getRef(References.CurrentLogAnnotations), asText)
    })
  })
  return new Set([...Context.get(context, Logger.CurrentLoggers), capture])
}
