/**
 * What tasks wrote, line by line.
 *
 * @since 0.1.0
 */
import { neutralised } from "../logs/Neutral.ts"
import type { TaskLine } from "../operate/View.ts"
import { isoText, type LocalTime, preciseText } from "./TimeText.ts"

/** How lines are shown. */
export interface LogOptions {
  readonly local: LocalTime
  /** Control characters go to the terminal as they were written. */
  readonly isRaw: boolean
  /** Colours of what was written are kept where they can be seen. */
  readonly hasColours: boolean
  /** Which task it is of, where there are several. */
  readonly id?: string
}

const droppedText = (dropped: number): string => `... ${dropped} dropped here: too much was written ...`

// oxlint-disable-next-line no-control-regex -- colours are what it looks for
const colours = /\u001b\[[\d;:]*m/g

const shownBy = ({ hasColours, isRaw }: LogOptions) => (text: string): string => {
  if (isRaw) return text
  const safe = neutralised(text)
  return (hasColours ? safe : safe.replace(colours, "")).replaceAll("\n", "\n    ")
}

/** One line; what was written to a standard stream has no level. */
export const logText = ({ epoch, line }: TaskLine, options: LogOptions): string => {
  const { id, local } = options
  const shown = shownBy(options)
  const annotations = Object.entries(line.annotations).map(([name, value]) => ` ${shown(name)}=${shown(value)}`).join(
    ""
  )
  const start = `${id === undefined ? "" : `${id}  `}${preciseText(line.time, local)}  ${
    epoch > 1 ? `attempt ${epoch}  ` : ""
  }`
  const text = `${start}${(line.stream ?? line.level.toUpperCase()).padEnd(6)}  ${shown(line.message)}${annotations}`
  return line.dropped === undefined
    ? text
    : `${start}${droppedText(line.dropped)}${line.message === "" ? "" : `\n${text}`}`
}

/** As JSON data. */
export const logData = ({ epoch, line }: TaskLine, taskId: string) => ({
  taskId,
  attempt: epoch,
  ...line,
  time: isoText(line.time)
})
