/** How the tasks are done, as a module that threads import. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { TaskModule } from "cadre"
import { Effect, FileSystem, Layer, Stream } from "effect"
import { Binary, Unreadable, WordCount } from "./tasks.ts"
import { WordCounter } from "./words.ts"

const isText = <A>(count: () => A): Effect.Effect<A, Binary> =>
  Effect.try({
    try: count,
    catch: (error) => new Binary({ reason: error instanceof Error ? error.message : `${error}` })
  })

/** Implements the library; needs a `FileSystem`. */
export const WordCountLive = WordCount.toLayer(Effect.gen(function*() {
  const { stream } = yield* FileSystem.FileSystem
  return WordCount.of({
    // Piece by piece: a file may be larger than the memory.
    CountWords: Effect.fnUntraced(function*({ path }) {
      const counter = new WordCounter()
      yield* Stream.runForEach(stream(path), (piece) => isText(() => counter.add(piece)))
      const found = yield* isText(() => counter.finish())
      return { words: [...found.keys()], counts: [...found.values()], bytes: counter.bytes }
    }, Effect.catchTag("PlatformError", ({ reason }) => Effect.fail(new Unreadable({ reason: reason._tag }))))
  })
}))

export default TaskModule.make(import.meta.url, Layer.provide(WordCountLive, NodeFileSystem.layer))
