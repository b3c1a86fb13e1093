/**
 * The output of a child as streams.
 *
 * @since 0.1.0
 */
import { type Array, Cause, Effect, Stream } from "effect"
import type { Following } from "../../services/Supervisor.ts"
import type { ChildOutput, FeedPiece } from "../../src/process/ChildOutput.ts"
import type { Feed } from "../../src/process/Feed.ts"
import { LineSplitter, type OutputLine } from "../../src/process/LineSplitter.ts"

/** What a feed has and will have, until it ends. */
const pieces = (feed: Feed, following: Following | undefined): Stream.Stream<FeedPiece> =>
  Stream.scoped(Stream.fromPull(Effect.gen(function*() {
    const reader = yield* Effect.acquireRelease(
      Effect.sync(() => feed.follow(following?.whenBehind === "wait")),
      (reader) => Effect.sync(() => feed.leave(reader))
    )
    const ready = Effect.callback<void>((resume) => {
      reader.onReady(() => resume(Effect.void))
      return Effect.sync(() => reader.onReady(undefined))
    })
    const pull: Effect.Effect<Array.NonEmptyReadonlyArray<FeedPiece>, Cause.Done> = Effect.suspend(() => {
      const [first, ...others] = feed.take(reader)
      if (first !== undefined) return Effect.succeed([first, ...others] as const)
      return feed.isEnded ? Cause.done() : Effect.andThen(ready, pull)
    })
    // @effect-diagnostics-next-line returnEffectInGen:off - the stream runs it again and again
    return pull
  })))

/** Bytes, and the marks of what was left out. */
export const outputOf = (feed: Feed, following?: Following): Stream.Stream<ChildOutput> =>
  Stream.filter(pieces(feed, following), (piece): piece is ChildOutput => piece._tag !== "Break")

/** Lines of text. */
export const linesOf = (feed: Feed, following?: Following): Stream.Stream<OutputLine> =>
  Stream.mapAccum(
    pieces(feed, following),
    () => new LineSplitter(),
    (splitter, piece) => [splitter, splitter.add(piece)] as const,
    { onHalt: (splitter) => splitter.end() }
  )
