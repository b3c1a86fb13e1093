/**
 * Stack traces of bundled code, in terms of its sources. Node can do so for
 * every stack, at the price of reading all maps when a bundle is loaded; this
 * reads them when there is a stack to show. It also serves for what another
 * thread has thrown.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import { SourceMap, type SourceMapPayload } from "node:module"
import { fileURLToPath } from "node:url"

const place = /file:\/\/[^\s()]+\.js:\d+:\d+/g

/** The map of a file; undefined if it has none that can be read. */
const mapOf = (url: string): SourceMap | undefined => {
  try {
    // What is no source map maps nothing.
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, "utf8")) as SourceMapPayload)
  } catch {
    return undefined
  }
}

/** The text with places in bundled files replaced by those in their sources. */
export const mapped = (text: string): string => {
  const maps = new Map<string, SourceMap | undefined>()
  return text.replace(place, (written) => {
    const [, url = "", line, column] = /^(.*):(\d+):(\d+)$/.exec(written) ?? []
    if (!maps.has(url)) maps.set(url, mapOf(url))
    const found = maps.get(url)?.findEntry(Number(line) - 1, Number(column) - 1)
    if (found === undefined || !("originalSource" in found)) return written
    const source = URL.parse(found.originalSource, url)
    if (source === null) return written
    const name = source.protocol === "file:" ? fileURLToPath(source) : source.href
    return `${name}:${found.originalLine + 1}:${found.originalColumn + 1}`
  })
}
