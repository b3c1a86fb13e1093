/**
 * What hosts and clients may be called in certificates, and lists of words as
 * they are written on a command line.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import * as NetAddress from "effect/net/NetAddress"
import { isRole, type Role, roles } from "./Role.ts"

/** What was written and cannot be used: a sentence that says what can. */
export type Unusable = string

/** Words with commas between. */
const words = (text: string): ReadonlyArray<string> =>
  text.split(",").map((word) => word.trim()).filter((word) => word !== "")

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/** Whether it is an address, or a name that DNS could have; `*.` may stand before one. */
const isHost = (host: string): boolean => {
  if (Result.isSuccess(NetAddress.ipFromString(host))) return true
  const labels = host.replace(/^\*\./, "").split(".")
  // A number at the end would be an address that is written wrongly.
  return host.length <= 253 && labels.every((part) => label.test(part)) && !/^\d+$/.test(labels.at(-1) ?? "")
}

/** The hosts that a certificate is for: names and addresses, at least one. */
export const hostsOf = (text: string): Result.Result<ReadonlyArray<string>, Unusable> => {
  const hosts = words(text)
  const wrong = hosts.find((host) => !isHost(host))
  if (wrong !== undefined) {
    return Result.fail(`Expected names and addresses such as tasks.example.org,10.0.0.1; "${wrong}" is neither`)
  }
  return hosts.length === 0 ? Result.fail("Expected at least one name or address") : Result.succeed(hosts)
}

/** Roles, at least one, each once. */
export const rolesOf = (text: string): Result.Result<ReadonlyArray<Role>, Unusable> => {
  const found = words(text)
  const wrong = found.find((word) => !isRole(word))
  if (wrong !== undefined || found.length === 0) {
    const got = wrong === undefined ? "" : `, got "${wrong}"`
    return Result.fail(`Expected ${roles.join(", ")}, or several with commas between${got}`)
  }
  return Result.succeed([...new Set(found.filter(isRole))])
}

/** What a client, or an authority, may be called: its files are called so, too. */
export const nameOf = (text: string): Result.Result<string, Unusable> =>
  /^[a-z0-9][\w.-]{0,62}$/i.test(text)
    ? Result.succeed(text)
    : Result.fail(`Expected at most 63 letters, digits, dots, dashes and underscores, got "${text.slice(0, 80)}"`)
