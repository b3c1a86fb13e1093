/** Finds the files below a folder that somebody may have written. */
import { Effect, FileSystem, Option, Path, Stream } from "effect"

/** Source maps, and what a tool has minified: what looks like words there is none. */
const isGenerated = (name: string): boolean => /\.map$|[.-]min\.\w+$/.test(name)

/**
 * The paths of all files below a folder but for generated ones, found as they
 * are asked for. Symbolic links are not followed, so there are no circles.
 */
export const filesBelow = (root: string): Stream.Stream<string, never, FileSystem.FileSystem | Path.Path> =>
  Stream.paginate(
    [root],
    Effect.fnUntraced(function*([folder = root, ...pending]: ReadonlyArray<string>) {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const listed = yield* Effect.option(fs.readDirectoryEntries(folder))
      const entries = Option.getOrElse(listed, () => [])
      const named = (type: FileSystem.File.Type) =>
        entries.filter((entry) => entry.type === type).map(({ name }) => join(folder, name))
      const written = () => named("File").filter((path) => !isGenerated(path))
      // A folder that cannot be listed cannot be read as a file either: its task says why.
      const files = Option.isSome(listed) ? written() : [folder]
      const left = [...named("Directory"), ...pending]
      return [files, Option.liftPredicate(left, ({ length }) => length > 0)] as const
    })
  )
