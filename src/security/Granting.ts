/**
 * Which roles a certificate grants, and whether a peer gets what it asks for.
 *
 * @since 0.1.0
 */
import type { PeerCertificate } from "./Claim.ts"
import { isRole, type Role } from "./Role.ts"

/** The roles that a peer asks for, each once; undefined if it asks for none, for too many, or for what is no role. */
export const asked = (words: ReadonlyArray<unknown>): ReadonlySet<Role> | undefined => {
  if (words.length === 0 || words.length > 16) return undefined
  const wanted = new Set<Role>()
  for (const word of words) {
    if (!isRole(word)) return undefined
    wanted.add(word)
  }
  return wanted
}

/** How the organizational unit of a subject names a role. */
export const unitOf = (role: Role): string => `cadre:${role}`

/** The roles that a certificate was made for. */
export const rolesOf = (certificate: PeerCertificate): ReadonlySet<Role> => {
  const granted = new Set<Role>()
  for (const unit of certificate.units) {
    const [prefix, role, ...more] = unit.split(":")
    if (prefix === "cadre" && more.length === 0 && isRole(role)) granted.add(role)
  }
  return granted
}
