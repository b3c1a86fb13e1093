/**
 * Tells whoever has started this process that it is ready, or why it is not.
 *
 * @since 0.1.0
 */
import { closeSync, writeSync } from "node:fs"
import process from "node:process"
import { type Readiness, readinessText } from "../../src/host/ServerRecord.ts"
import { readyVariable } from "./Launch.ts"

/** Tells it once; nobody may be waiting. `systemd` is told, too, where it has asked for that. */
export const tell = (readiness: Readiness): void => {
  const descriptor = Number(process.env[readyVariable])
  // What this process starts has nobody to tell.
  delete process.env[readyVariable]
  if (Number.isInteger(descriptor) && descriptor > 2) {
    try {
      writeSync(descriptor, `${readinessText(readiness)}\n`)
      closeSync(descriptor)
    } catch {
      // Whoever waited is gone.
    }
  }
  notify(readiness._tag === "Ready" ? "READY=1" : `STATUS=${readiness.reason.split("\n")[0]}`)
}

/** Node has no datagrams to a path; the program that comes with systemd has. */
export const notify = (state: string): void => {
  if (process.env["NOTIFY_SOCKET"] === undefined) return
  const { execFile } = process.getBuiltinModule("node:child_process")
  execFile("systemd-notify", [`--pid=${process.pid}`, state], () => undefined)
}
