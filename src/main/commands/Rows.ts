/**
 * Prints what there may be many of.
 *
 * @since 0.1.0
 */
import { Effect, Option, type Stdio, Stream } from "effect"
import type { CommandFailed } from "../../cli/ExitCode.ts"
import type { Listing } from "../../cli/Table.ts"
import type { LocalTime } from "../../cli/TimeText.ts"
import { localTime } from "./LocalZone.ts"
import { note, type Output, print, printAll } from "./Root.ts"

/** How rows are shown to people, and to programs. */
export interface View<in A> {
  readonly list: (rows: ReadonlyArray<A>, local: LocalTime) => Listing
  readonly data: (row: A) => unknown
  /** What they are, for when there are none. */
  readonly noun: string
}

/** Prints pages as they come. A header is no data. */
export const printPages = Effect.fnUntraced(function*<A, E, R>(
  output: Output,
  { data, list, noun }: View<A>,
  pages: Stream.Stream<ReadonlyArray<A>, E, R>
): Effect.fn.Return<void, E | CommandFailed, R | Stdio.Stdio> {
  const local = yield* localTime
  let isFirst = true
  const text = (rows: ReadonlyArray<A>) =>
    Effect.gen(function*() {
      if (rows.length === 0) return ""
      const begins = isFirst
      isFirst = false
      switch (output) {
        case "json":
          return rows.map((row, index) => `${begins && index === 0 ? "[\n" : ",\n"}${JSON.stringify(data(row))}`).join(
            ""
          )
        case "ndjson":
          return rows.map((row) => `${JSON.stringify(data(row))}\n`).join("")
        case "quiet":
          return ""
        case "table": {
          const listed = list(rows, local)
          if (begins) yield* note(listed.header)
          return `${listed.text}\n`
        }
      }
    })
  const texts = Stream.mapEffect(pages, text)
  yield* printAll(
    output === "json" ? Stream.concat(texts, Stream.sync(() => isFirst ? "[]\n" : "\n]\n")) : texts
  )
  if (isFirst && output === "table") yield* note(`There are no ${noun}`)
})

/** Prints all rows at once. */
export const printRows = <A>(
  output: Output,
  view: View<A>,
  rows: ReadonlyArray<A>
): Effect.Effect<void, CommandFailed, Stdio.Stdio> => printPages(output, view, Stream.succeed(rows))

/** Prints one thing. */
export const printOne = (
  output: Output,
  text: string,
  data: unknown
): Effect.Effect<void, CommandFailed, Stdio.Stdio> => {
  switch (output) {
    case "table":
      return print(text)
    case "json":
      return print(JSON.stringify(data, undefined, 2))
    case "ndjson":
      return print(JSON.stringify(data))
    case "quiet":
      return Effect.void
  }
}

/** A page; `next` is what to ask for the following one with, absent after the last. */
export interface Page<out A> {
  readonly items: ReadonlyArray<A>
  readonly next?: number | undefined
}

/** How many rows of a kind are asked for at once. */
const pageSize = 1_000

/**
 * Pages one after the other, until there are no more, or `limit` rows were
 * read. `isCut` tells in the end whether there would have been more.
 */
export const paged = <A, E, R>(
  limit: number | undefined,
  page: (query: { readonly below?: number; readonly limit: number }) => Effect.Effect<Page<A>, E, R>
) => {
  let isCut = false
  let left = limit ?? Infinity
  const pages = Stream.paginate<number | undefined, ReadonlyArray<A>, E, R>(
    undefined,
    (below) =>
      Effect.map(
        page({ ...(below !== undefined && { below }), limit: Math.min(left, pageSize) }),
        ({ items, next }) => {
          left -= items.length
          isCut = next !== undefined && left <= 0
          return [[items], next === undefined || isCut ? Option.none() : Option.some(next)] as const
        }
      )
  )
  return { pages, isCut: () => isCut }
}
