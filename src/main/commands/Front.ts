/**
 * What was found out before anything was loaded.
 *
 * @since 0.1.0
 */
import { Context } from "effect"
import type { WarmThread } from "../../../layers/threads/WarmThread.ts"

/** What the front of `cadre` knows. */
export interface Front {
  readonly version: string
  /** The URL of Cadre's own folder. */
  readonly root: string
  /** The URLs of modules that are ready to be imported, by the names that were written for them. */
  readonly modules: Readonly<Record<string, string>>
  /** What a bundle of the modules is made of, by name: paths or URLs. */
  readonly entries: Readonly<Record<string, string>>
  /** A worker thread that loads the first of the modules meanwhile. */
  readonly warm?: WarmThread
}

/** It, for commands. */
export class Prepared extends Context.Reference<Front>("cadre/src/main/commands/Front", {
  defaultValue: () => ({ version: "", root: "", modules: {}, entries: {} })
}) {}
