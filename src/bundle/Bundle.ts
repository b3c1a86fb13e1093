/**
 * What bundling gives: one folder of JavaScript with the only copy of `effect`
 * in it. Nothing here or in what `layers/bundler/Lookup.ts` imports may import
 * `effect`: a start that finds its bundle must not load it twice.
 *
 * @since 0.1.0
 */

/** Something that the artefact needs and does not hold. */
export interface Outside {
  /** What is asked for, as it is written: `"better-sqlite3"`, `import.meta.dirname`. */
  readonly specifier: string
  /** The file that asks for it, as an absolute path. */
  readonly importer: string
  /** A sentence: why it is not in the bundle, and what follows from it. */
  readonly reason: string
}

/** An artefact: a folder with chunks, their source maps and the assets they name. */
export interface Bundle {
  /** The folder, as an absolute path. */
  readonly folder: string
  /** The file URLs of what was asked for, by name. */
  readonly entries: Readonly<Record<string, string>>
  /** SHA-256, in hexadecimal, of all that went in: the same input gives the same key on any machine. */
  readonly key: string
  /** What stays outside; empty for an artefact that needs nothing but Node. */
  readonly outside: ReadonlyArray<Outside>
  /** Whether it may be sent to other machines: it names no path of this one. */
  readonly isPortable: boolean
  /** Whether it was there already. */
  readonly isCached: boolean
}
