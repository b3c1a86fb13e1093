/**
 * Text that somebody else wrote, as it may be shown on a terminal.
 *
 * @since 0.1.0
 */
/* oxlint-disable no-control-regex -- control characters are what this is about */

/** ESC [ and a final byte, ESC ] and the like up to their end, ESC and one more; the same begun with one C1 character. */
const sequence = new RegExp(
  [
    // CSI: parameters, intermediates, final.
    "(?:\\x1b\\[|\\x9b)[\\x30-\\x3f]*[\\x20-\\x2f]*[\\x40-\\x7e]",
    // OSC, DCS, SOS, PM, APC: all up to BEL, ST or the end of the line. Titles, links and the clipboard are among them.
    "(?:\\x1b[\\]PX^_]|[\\x90\\x98\\x9d-\\x9f])[^\\x07\\x1b\\x9c\\n]*(?:\\x07|\\x1b\\\\|\\x9c)?",
    // Any other escape.
    "\\x1b[\\x20-\\x2f]*[\\x30-\\x7e]?"
  ].join("|"),
  "g"
)

/** A colour or a style, and nothing that hides or blinks. */
const isColour = (text: string): boolean => {
  const parameters = /^\x1b\[([\d;:]*)m$/.exec(text)?.[1]
  return parameters !== undefined && parameters.length <= 64 && !isHiding(parameters)
}

/** Whether 5, 6 (blinking) or 8 (hidden) is among the parameters of a style, other than as a part of a colour. */
const isHiding = (parameters: string): boolean => {
  const numbers = parameters.split(";")
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index]!
    if (/^[345]8$/.test(number)) index += numbers[index + 1] === "5" ? 2 : numbers[index + 1] === "2" ? 4 : 0
    else if (["5", "6", "8"].includes(number.replace(/:.*$/s, "").replace(/^0+/, ""))) return true
  }
  return false
}

/** What changes the direction of text, or cannot be seen, or ends a line without saying so. */
const invisible =
  /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu

/** Everything below a blank but tab and line feed, delete, and what is left of C1. */
const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

const hex = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`

const picture = (character: string): string => {
  const code = character.charCodeAt(0)
  if (code === 0x7f) return "\u2421"
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : hex(character)
}

const plain = (text: string): string => text.replace(control, picture).replace(invisible, hex)

/**
 * The text with nothing in it that a terminal would obey but colours and
 * styles, line feeds and tabs. Other sequences go; other control characters
 * and those that turn or hide text are shown as such. Where there was a
 * style, the text ends with the plain one again. What it gives it leaves
 * alone when it is given it.
 */
export const neutralised = (text: string): string => {
  let shown = ""
  let end = 0
  let isStyled = false
  for (const match of text.matchAll(sequence)) {
    shown += plain(text.slice(end, match.index))
    end = match.index + match[0].length
    if (!isColour(match[0])) continue
    shown += match[0]
    isStyled = !/^\x1b\[0*m$/.test(match[0])
  }
  shown += plain(text.slice(end))
  return isStyled ? `${shown}\x1b[0m` : shown
}
