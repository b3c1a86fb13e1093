/**
 * What this machine is called, and what it has.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import { availableParallelism, hostname, totalmem } from "node:os"
import process from "node:process"
import { NodeId } from "../../src/task/Attempt.ts"
import type { Resources } from "../../src/task/TaskSpec.ts"

/** Where a machine's own number is. */
const places = ["/etc/machine-id", "/var/lib/dbus/machine-id"]

const numberOf = (): string | undefined => {
  for (const place of places) {
    try {
      const text = readFileSync(place, "utf8").trim()
      if (text === "") continue
      // The number itself is not for others, says its manual.
      return process.getBuiltinModule("node:crypto").createHash("sha256").update(`cadre ${text}`).digest("hex").slice(
        0,
        8
      )
    } catch {
      // Another place may have it; containers have none.
    }
  }
  return undefined
}

/** Its name, and what tells it from another of that name. */
export const nodeId = (): NodeId => NodeId.make([hostname(), numberOf()].filter((part) => part).join("-"))

/** How many threads it runs at a time. */
export const cores = (): number => availableParallelism()

/** Bytes of memory that this process, and what it starts, may use. */
export const memory = (): number => Math.min(process.constrainedMemory() || totalmem(), totalmem())

/** What its executors share. Slots are theirs: the machine has no number of them. */
export const capacity = (): Resources => ({ cpu: cores(), bytes: memory(), slots: Number.POSITIVE_INFINITY })
