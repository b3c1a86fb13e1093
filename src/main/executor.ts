/**
 * What a process with executors is started with. Nothing but Node is imported
 * before the engine knows where it keeps what it has compiled.
 *
 * @since 0.1.0
 */
import { enableCompileCache } from "node:module"
import { join } from "node:path"
import process from "node:process"
import { cacheFolder, isTrusted } from "../../layers/bundler/CacheFolder.ts"

const [, , setting] = process.argv
if (setting === undefined) {
  throw new TypeError("cadre/executor is what Cadre starts executors with: use cadre executor start instead")
}
const folder = cacheFolder()
if (folder !== undefined && isTrusted(folder)) enableCompileCache(join(folder, "..", "compiled"))
const { start } = await import("../../layers/host/ExecutorProcess.ts")
start(setting)
