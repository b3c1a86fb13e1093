/**
 * Puts modules together with all that they import, so that they load fast and
 * can be sent elsewhere.
 *
 * An artefact holds one copy of `effect` and of `cadre`; where the modules bring
 * two, it fails. It is made once, and found again while nothing of what went in
 * changes. It is there wholly or not at all, whoever else makes the same at the
 * same time. What stays outside of it is named, with the reason.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { Bundle } from "../src/bundle/Bundle.ts"
import type { BundleFailed } from "../src/bundle/BundleFailed.ts"

/** Bundles modules. */
export class Bundler extends Context.Service<Bundler, {
  /**
   * Bundles these modules, each a path or a file URL, as one artefact: what they
   * share is in it once. A relative path is one of the working directory.
   */
  readonly bundle: (entries: Readonly<Record<string, string>>) => Effect.Effect<Bundle, BundleFailed>
}>()("cadre/services/Bundler") {}
