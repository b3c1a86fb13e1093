/**
 * What the facts of a machine mean for Cadre, and how to mend what is amiss.
 *
 * @since 0.1.0
 */
import type { Capabilities } from "../process/Capabilities.ts"
import { bytesText, plural } from "./Quantity.ts"

/** `warn` is a thing that Cadre does without, `fail` one that it cannot do without. */
export type Status = "ok" | "warn" | "fail"

/** One row. A mend is there unless all is well. */
export interface Diagnosis {
  readonly check: string
  readonly status: Status
  readonly found: string
  readonly mend?: string
}

/** What came of trying something: undefined if it worked, else why not. */
export type Trial = string | undefined

/** What was found on a machine; sizes in bytes. */
export interface Facts {
  readonly node: string
  readonly platform: string
  /** Cores of the machine, those that Node may use, and how many its control group grants, which may be a fraction. */
  readonly cores: { readonly machine: number; readonly usable: number; readonly granted: number | undefined }
  readonly memory: { readonly machine: number; readonly free: number; readonly granted: number | undefined }
  readonly threads: Trial
  /** Whether a thread that takes more memory than it was given ends alone. */
  readonly threadMemory: Trial
  readonly cgroup: {
    readonly version: 1 | 2 | undefined
    readonly path: string
    readonly controllers: ReadonlyArray<string>
    readonly isWritable: boolean
  }
  /** What is enforced on processes that are started here. */
  readonly children: Capabilities
  /** Soft limits; undefined where they cannot be read. */
  readonly limits: { readonly files: number | undefined; readonly processes: number | undefined }
  readonly cache: { readonly folder: string; readonly trial: Trial }
  readonly runtime: { readonly folder: string; readonly isNamed: boolean; readonly trial: Trial }
  /** The longest path of a socket that there would be. */
  readonly socket: { readonly path: string; readonly trial: Trial }
  readonly loopback: Trial
  readonly terminal: { readonly isInput: boolean; readonly isOutput: boolean; readonly colors: number }
  /** Every copy of `effect` within reach of the current folder. */
  readonly effects: ReadonlyArray<{ readonly folder: string; readonly version: string }>
  readonly wantedEffect: string
  readonly bundler: Trial
}

const row = (check: string, status: Status, found: string, mend?: string): Diagnosis => ({
  check,
  status,
  found,
  ...(status !== "ok" && mend !== undefined && { mend })
})

/** A thing that works, or does not for a reason that was found. */
const tried = (check: string, otherwise: Exclude<Status, "ok">, trial: Trial, found: string, mend: string): Diagnosis =>
  row(check, trial === undefined ? "ok" : otherwise, trial === undefined ? found : `${found}: ${trial}`, mend)

/** Whether a version of Node is 22.19 or later. */
export const isRecentNode = (version: string): boolean => {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19)
}

const leastMemory = 256 * 1_024 ** 2
const leastFiles = 4_096
const leastProcesses = 512

/** How long the path of a socket may be: a field of fixed size in the kernel's address, less its end. */
export const socketPathLimit = (platform: string): number => platform === "linux" ? 107 : 103

const memory = ({ free, granted, machine }: Facts["memory"]): Diagnosis => {
  const most = Math.min(machine, granted ?? machine)
  return row(
    "memory",
    free < leastMemory ? "warn" : "ok",
    `${bytesText(most)}${
      granted === undefined || granted >= machine ? "" : ` of the machine's ${bytesText(machine)}`
    }, ` +
      `${bytesText(free)} free`,
    `Tasks need memory beside Cadre's own ${bytesText(leastMemory)}: end other programs, or raise the container's limit`
  )
}

const cores = ({ granted, machine, usable }: Facts["cores"]): Diagnosis => {
  const most = Math.min(usable, granted ?? usable)
  return row(
    "cores",
    most < usable ? "warn" : "ok",
    most < machine ? `${Number(most.toFixed(2))} of the machine's ${machine}` : String(machine),
    `The control group grants less than the ${plural(usable, "core")} that Node sees: pass --threads ${
      Math.max(1, Math.floor(most))
    }`
  )
}

const cgroup = ({ cgroup, platform }: Facts): Diagnosis => {
  if (platform !== "linux") {
    return row("control groups", "warn", `none on ${platform}`, "Only Linux can limit a process's memory and cores")
  }
  const { controllers, isWritable, path, version } = cgroup
  if (version === undefined) {
    return row("control groups", "warn", "not mounted", "Mount cgroup v2 on /sys/fs/cgroup to limit memory and cores")
  }
  const has = ["cpu", "memory", "pids"].filter((name) => controllers.includes(name))
  return row(
    "control groups",
    isWritable && has.length === 3 ? "ok" : "warn",
    `v${version}, ${isWritable ? "writable" : "not writable"} (${path}), ${has.join(", ") || "no controllers"}`,
    "Limits of processes are then watched rather than enforced: start Cadre with " +
      "`systemd-run --user --scope -p Delegate=yes`, or give the container a writable control group"
  )
}

const enforcements = { kernel: "enforced", watched: "watched", none: "not enforced" }

/** Which limits of processes hold, and whether none of their descendants is left behind. */
const children = ({ cpu, descendants, memory, openFiles, orphans, processes }: Capabilities): Diagnosis => {
  const named = { memory, cores: cpu, files: openFiles, processes }
  const limits = Object.entries(named).map(([name, enforcement]) => `${name} ${enforcements[enforcement]}`)
  const left = [
    ...(descendants === "kernel" ? [] : ["those of their descendants that hide may stay"]),
    ...(orphans ? [] : ["they stay when Cadre is killed"])
  ]
  const isWhole = memory === "kernel" && cpu === "kernel" && openFiles === "kernel" && left.length === 0
  return row(
    "processes' limits",
    isWhole ? "ok" : "warn",
    [...limits, ...left].join(", "),
    "What is watched may be exceeded for a moment before it is killed. The kernel enforces all of it where Cadre has a " +
      "control group (version 2) to itself: start it with `systemd-run --user --scope -p Delegate=yes`"
  )
}

const limit = (check: string, found: number | undefined, least: number, flag: string): Diagnosis =>
  row(
    check,
    found !== undefined && found < least ? "warn" : "ok",
    found === undefined ? "not known" : found === Infinity ? "unlimited" : String(found),
    `Raise it with \`ulimit ${flag} ${least}\` before Cadre starts`
  )

const effects = ({ effects, wantedEffect }: Facts): Diagnosis => {
  const found = effects.map(({ folder, version }) => `${version} (${folder})`).join(", ")
  const [only] = effects
  if (only === undefined) {
    return row(
      "effect",
      "warn",
      "not installed here",
      `\`npm install effect@${wantedEffect}\` in the folder of your modules`
    )
  }
  if (effects.length > 1) {
    return row("effect", "fail", found, "There must be one copy: `npm ls effect` shows who brought which, `npm dedupe`")
  }
  return row(
    "effect",
    only.version === wantedEffect ? "ok" : "warn",
    found,
    `Cadre is tested with ${wantedEffect}: \`npm install effect@${wantedEffect}\``
  )
}

/** All rows. */
export const diagnose = (facts: Facts): ReadonlyArray<Diagnosis> => {
  const { cache, loopback, runtime, socket, terminal } = facts
  const longest = socketPathLimit(facts.platform)
  const length = new TextEncoder().encode(socket.path).length
  return [
    row("node", isRecentNode(facts.node) ? "ok" : "fail", facts.node, "Install Node 22.19 or later"),
    row(
      "platform",
      facts.platform === "linux" || facts.platform === "darwin" ? "ok" : "warn",
      facts.platform,
      "Linux is served in full, macOS as far as it goes; nothing else is tested"
    ),
    cores(facts.cores),
    memory(facts.memory),
    tried("worker threads", "fail", facts.threads, "start", "Tasks still run with --in-process"),
    tried(
      "thread memory",
      "warn",
      facts.threadMemory,
      "a limit ends one thread alone",
      "A thread that takes too much memory ends the whole process: keep payloads small, or run tasks in processes"
    ),
    cgroup(facts),
    children(facts.children),
    limit("open files", facts.limits.files, leastFiles, "-n"),
    limit("processes", facts.limits.processes, leastProcesses, "-u"),
    tried(
      "cache folder",
      "warn",
      cache.trial,
      cache.folder,
      "Set XDG_CACHE_HOME to a folder of yours; without, each start bundles anew"
    ),
    tried(
      "runtime folder",
      "warn",
      runtime.trial,
      `${runtime.folder}${runtime.isNamed ? "" : " (XDG_RUNTIME_DIR is not set)"}`,
      "Set XDG_RUNTIME_DIR to a folder that is yours alone (mode 0700)"
    ),
    length > longest
      ? row(
        "unix sockets",
        "fail",
        `${socket.path} has ${length} bytes of at most ${longest}`,
        "Set XDG_RUNTIME_DIR to a shorter path"
      )
      : tried(
        "unix sockets",
        "warn",
        socket.trial,
        "work",
        "The runtime folder must be on a local file system that has sockets"
      ),
    tried("loopback", "fail", loopback, "TCP on 127.0.0.1 works", "Bring the interface up: `ip link set lo up`"),
    row(
      "terminal",
      "ok",
      terminal.isOutput
        ? `${terminal.colors > 1 ? `${terminal.colors} colours` : "no colours"}${
          terminal.isInput ? "" : ", input from elsewhere"
        }`
        : "none: output goes elsewhere"
    ),
    effects(facts),
    tried("bundler", "warn", facts.bundler, "loads", "Reinstall Cadre, or use --no-bundle")
  ]
}
