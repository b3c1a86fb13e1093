/**
 * Groups of processes that the kernel itself limits and knows, for children of
 * a machine or a container that lets us make them.
 *
 * @since 0.1.0
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import process from "node:process"
import type { LimitNumbers } from "../../src/process/ChildSpec.ts"
import { filesOf, isOurs, killsOf, pathOf, wanted } from "../../src/process/ControlGroup.ts"
import type { ProcessExit } from "../../src/process/ProcessExit.ts"

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

const write = (path: string, text: string): boolean => {
  try {
    writeFileSync(path, text)
    return true
  } catch {
    return false
  }
}

const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const pidsOf = (folder: string): ReadonlyArray<number> =>
  textOf(join(folder, "cgroup.procs")).split("\n").filter((line) => line !== "").map(Number)

const mount = "/sys/fs/cgroup"

/** The folder of this process's own group, where that is ours to divide. */
const ownFolder = (): string | undefined => {
  const path = pathOf(textOf("/proc/self/cgroup"))
  if (path === undefined || !existsSync(join(mount, "cgroup.controllers"))) return undefined
  const folder = join(mount, path)
  const found = {
    folder,
    isWritable: isWritable(folder) && isWritable(join(folder, "cgroup.procs")),
    isTop: path === "/",
    hasType: existsSync(join(folder, "cgroup.type")),
    isRoot: process.getuid?.() === 0,
    pid: process.pid,
    processes: pidsOf(folder)
  }
  return isOurs(found) ? folder : undefined
}

/** The group of one run of a child. */
export class ControlGroup {
  readonly #folder: string
  readonly #limit: number | undefined

  constructor(folder: string, limits: LimitNumbers, controllers: ReadonlySet<string>) {
    this.#folder = folder
    this.#limit = controllers.has("memory") ? limits.memory : undefined
    mkdirSync(folder)
    for (const [name, text] of filesOf(limits, controllers)) write(join(folder, name), text)
  }

  /** Where a process writes its pid to be in it. */
  get joining(): string {
    return join(this.#folder, "cgroup.procs")
  }

  /** Everybody in it. */
  get pids(): ReadonlyArray<number> {
    return pidsOf(this.#folder)
  }

  /** Kills everybody in it at once, where the kernel can do that. */
  kill(): void {
    write(join(this.#folder, "cgroup.kill"), "1")
  }

  /** What the kernel has killed it for. */
  get exceeded(): ProcessExit | undefined {
    const limit = this.#limit
    if (limit === undefined || killsOf(textOf(join(this.#folder, "memory.events"))) === 0) return undefined
    const most = Number(textOf(join(this.#folder, "memory.peak")))
    return { _tag: "MemoryExceeded", limit, used: Math.max(most, limit) }
  }

  /** Nobody is in it any more. */
  close(): void {
    remove(this.#folder)
  }
}

const remove = (folder: string): void => {
  try {
    rmdirSync(folder)
  } catch {
    // Somebody is still in it whom even SIGKILL has not ended, or it is gone.
  }
}

/** Makes groups within the one of this process, or within a folder that it was given. */
export class ControlGroups {
  readonly #prefix: string
  readonly #self: string
  readonly controllers: ReadonlySet<string>
  #made = 0

  private constructor(folder: string, name: string) {
    this.#prefix = join(folder, `cadre-${name}-`)
    this.#self = `${this.#prefix}self`
    const offered = new Set(textOf(join(folder, "cgroup.controllers")).trim().split(" "))
    const own = pidsOf(folder)
    if (own.length > 0) {
      mkdirSync(this.#self)
      for (const pid of own) write(join(this.#self, "cgroup.procs"), String(pid))
    }
    this.controllers = new Set(
      wanted.filter((controller) =>
        offered.has(controller) && write(join(folder, "cgroup.subtree_control"), `+${controller}`)
      )
    )
  }

  /**
   * Groups for the children of a supervisor of that name, if any can be made;
   * `folder` is that of a group to make them in, without processes of its own.
   */
  static open(name: string, folder = ownFolder()): ControlGroups | undefined {
    if (folder === undefined) return undefined
    try {
      const groups = new ControlGroups(folder, name)
      groups.make({ memory: undefined, cpu: undefined, openFiles: undefined, processes: undefined }).close()
      return groups
    } catch {
      return undefined
    }
  }

  /** The controllers that groups of this process's children would have, if they would have groups. */
  static controllersHere(): ReadonlySet<string> | undefined {
    const folder = ownFolder()
    if (folder === undefined) return undefined
    const offered = textOf(join(folder, "cgroup.controllers")).trim().split(" ")
    return new Set(wanted.filter((controller) => offered.includes(controller)))
  }

  /** What all of its folders begin with. */
  get prefix(): string {
    return this.#prefix
  }

  make(limits: LimitNumbers): ControlGroup {
    return new ControlGroup(`${this.#prefix}${++this.#made}`, limits, this.controllers)
  }

  /** All children have ended. This process stays in a group of its own if it was put there: it cannot go back. */
  close(): void {
    const folder = join(this.#prefix, "..")
    const name = this.#prefix.slice(folder.length + 1)
    for (const group of readdirSync(folder)) {
      if (group.startsWith(name) && join(folder, group) !== this.#self) remove(join(folder, group))
    }
  }
}
