/**
 * The default export of a module that is a whole program: `cadre` starts it by
 * its file, and so does plain `node`, with one line at its end.
 *
 * @since 0.1.0
 */
import { type Effect, type FileSystem, type Path, Predicate, type Stdio, type Terminal } from "effect"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"

const TypeId = "~cadre/Program"

/** What a program finds wherever it is started. */
export type ProgramServices =
  | ChildProcessSpawner
  | FileSystem.FileSystem
  | Path.Path
  | Stdio.Stdio
  | Terminal.Terminal

/** A program that ends with an `A` or fails with an `E`. */
export interface Program<out A, out E> extends Program.Any {
  readonly effect: Effect.Effect<A, E, ProgramServices>
}

/** Types of programs. */
export declare namespace Program {
  /** Any program at all. */
  interface Any {
    readonly [TypeId]: typeof TypeId
    /** Where the module is: its `import.meta.url`. */
    readonly url: string
    readonly effect: Effect.Effect<unknown, unknown, ProgramServices>
  }
}

const make = <A, E>(url: string, effect: Effect.Effect<A, E, ProgramServices>): Program<A, E> => ({
  [TypeId]: TypeId,
  url,
  effect
})

/** Makes programs, and tells them from other exports. */
export const Program = {
  /** The program at `url`, always `import.meta.url`. Nothing of it runs until it is started. */
  make,

  /** Whether an export is a program. */
  is: (value: unknown): value is Program.Any => Predicate.hasProperty(value, TypeId)
}
