/**
 * What a server is started with in the background. Nothing but Node is imported
 * before the engine knows where it keeps what it has compiled.
 *
 * @since 0.1.0
 */
import { enableCompileCache, flushCompileCache } from "node:module"
import { join } from "node:path"
import process from "node:process"
import { cacheFolder, isTrusted } from "../../layers/bundler/CacheFolder.ts"
import packageJson from "../../package.json" with { type: "json" }

const folder = cacheFolder()
if (folder !== undefined && isTrusted(folder)) enableCompileCache(join(folder, "..", "compiled"))
const { start } = await import("../../layers/host/ServerProcess.ts")
// Node does so when it ends; a server may be killed.
setTimeout(flushCompileCache, 1_000).unref()
start({ version: packageJson.version, isForeground: process.argv.includes("--foreground") })
