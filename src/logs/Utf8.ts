/**
 * Text as bytes of UTF-8, without making them.
 *
 * @since 0.1.0
 */

/** How many bytes the character has that begins at an index; half a pair counts as what takes its place. */
const widthAt = (text: string, index: number): number => {
  const unit = text.charCodeAt(index)
  if (unit < 0x80) return 1
  if (unit < 0x800) return 2
  return unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00 ? 4 : 3
}

/** How many bytes a text has. */
export const utf8Length = (text: string): number => {
  let size = 0
  for (let index = 0; index < text.length; index++) {
    const width = widthAt(text, index)
    size += width
    if (width === 4) index++
  }
  return size
}

/** The longest beginning of a text that has no more than so many bytes and cuts no character in two. */
export const utf8Prefix = (text: string, limit: number): string => {
  if (3 * text.length <= limit) return text
  let size = 0
  for (let index = 0; index < text.length; index++) {
    const width = widthAt(text, index)
    size += width
    if (size > limit) return text.slice(0, index)
    if (width === 4) index++
  }
  return text
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

/** How many of the bytes are whole characters: those of one that the end cuts in two are not counted. */
export const wholeCharacters = (bytes: Uint8Array): number => {
  let start = bytes.length - 1
  while (start > 0 && start > bytes.length - 4 && isContinuation(bytes[start])) start--
  const lead = bytes[start] ?? 0
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return start + length > bytes.length ? Math.max(0, start) : bytes.length
}
