/**
 * The folder of keys, certificates and tokens, and what the files in it are called.
 *
 * @since 0.1.0
 */
import { isAbsolute, join } from "node:path"
import process from "node:process"
import type { Role } from "../../src/security/Role.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** The names of the files in a folder of keys. */
export const files = (folder: string) => ({
  authority: { certificate: join(folder, "ca.crt"), key: join(folder, "ca.key") },
  server: { certificate: join(folder, "server.crt"), key: join(folder, "server.key") },
  client: (name: string) => ({
    certificate: join(folder, `client-${name}.crt`),
    key: join(folder, `client-${name}.key`)
  }),
  token: (role: Role) => join(folder, `${role}.token`)
})

/** `CADRE_KEYS_DIR`, or `cadre/keys` where this user's settings are; undefined for a user without a home. */
export const keyFolder = (env: Environment = process.env): string | undefined => {
  const { APPDATA, CADRE_KEYS_DIR, HOME, USERPROFILE, XDG_CONFIG_HOME } = env
  if (CADRE_KEYS_DIR !== undefined && CADRE_KEYS_DIR !== "") return CADRE_KEYS_DIR
  if (XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME)) return join(XDG_CONFIG_HOME, "cadre/keys")
  if (process.platform === "win32") {
    const base = APPDATA ?? (USERPROFILE === undefined ? undefined : join(USERPROFILE, "AppData/Roaming"))
    return base === undefined ? undefined : join(base, "cadre/keys")
  }
  return HOME === undefined ? undefined : join(HOME, ".config/cadre/keys")
}
