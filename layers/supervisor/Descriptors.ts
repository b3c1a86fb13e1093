/**
 * Descriptors that this process was itself started with, and that every child
 * would inherit: Node marks those that it opens, and the first few, but not
 * what a careless parent has left open.
 *
 * @since 0.1.0
 */
import type { StdioOptions } from "node:child_process"
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs"
import { devNull } from "node:os"

const closesOnExec = 0o2000000

/** Descriptors that are inherited, the standard ones aside. */
const strays = (): ReadonlyArray<number> => {
  try {
    return readdirSync("/proc/self/fd").map(Number).filter((descriptor) => {
      if (descriptor <= 2) return false
      try {
        const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1]
        return flags !== undefined && (Number.parseInt(flags, 8) & closesOnExec) === 0
      } catch {
        return false
      }
    })
  } catch {
    return []
  }
}

/** Keeps them from children. */
export class Descriptors {
  readonly #strays = strays()
  readonly #null = this.#strays.length === 0 ? undefined : openSync(devNull, "r+")

  /** The descriptors of a child: it finds nothing behind those that it should not have. */
  covering(standard: ReadonlyArray<"ignore" | "pipe" | "inherit">): StdioOptions {
    const covered: Array<"ignore" | "pipe" | "inherit" | number | null> = [...standard]
    for (const stray of this.#strays) {
      while (covered.length < stray) covered.push(null)
      covered[stray] = this.#null ?? null
    }
    return covered
  }

  close(): void {
    if (this.#null !== undefined) closeSync(this.#null)
  }
}
