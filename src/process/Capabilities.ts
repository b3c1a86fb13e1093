/**
 * What is enforced on children here, and how.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * `kernel`: it cannot be exceeded. `watched`: it is measured several times a
 * second, and who exceeds it is killed. `none`: it is not enforced.
 */
export const Enforcement = Schema.Literals(["kernel", "watched", "none"])
export type Enforcement = typeof Enforcement.Type

/** What is enforced on children here, and how. */
export const Capabilities = Schema.Struct({
  memory: Enforcement,
  cpu: Enforcement,
  openFiles: Enforcement,
  processes: Enforcement,
  /**
   * Which descendants end with a child: all (`kernel`), those that can be found
   * by session, parent or a variable that all inherit (`searched`), or those in
   * its process group (`group`).
   */
  descendants: Schema.Literals(["kernel", "searched", "group"]),
  /** Whether children end when the supervisor's own process is killed. */
  orphans: Schema.Boolean
})
export type Capabilities = typeof Capabilities.Type
