/**
 * What a peer may do at a server. A peer has one role or several, and each is
 * granted apart from the others: who may submit may not claim.
 *
 * @since 0.1.0
 */

/** All roles: hand tasks over, run them, see and steer everything. */
export const roles = ["submitter", "executor", "operator"] as const

/** One of them. */
export type Role = typeof roles[number]

/** Whether a word is a role. */
export const isRole = (word: unknown): word is Role => roles.some((role) => role === word)
