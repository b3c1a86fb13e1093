/**
 * What a child process is to be.
 *
 * @since 0.1.0
 */
import { ByteSize, Duration } from "effect"
import { type KeepRunning, type KeepRunningPolicy, policyOf } from "./KeepRunning.ts"

/** What it may take, with all of its descendants. What is enforced, and how, is for `Supervisor.capabilities` to say. */
export interface ChildLimits {
  readonly memory?: ByteSize.Input
  /** Cores; fractions are well. */
  readonly cpu?: number
  /** For each process. */
  readonly openFiles?: number
  readonly processes?: number
}

/** What is kept of the output. */
export interface OutputKeeping {
  /** Of the beginning of stdout, and of stderr, for those who come later: 64 KiB. */
  readonly beginning?: ByteSize.Input
  /** How many of the last lines: 20. */
  readonly lastLines?: number
}

/**
 * What a child process is to be. It leads a session and a process group of its
 * own, and its standard streams are its only descriptors.
 */
export interface ChildSpec {
  /** A path, or a name that is looked up on the child's PATH. No shell reads it. */
  readonly command: string
  readonly args?: ReadonlyArray<string>
  /** Its folder; that of this process otherwise. */
  readonly cwd?: string
  /** Variables beside those that it inherits; an undefined one is taken away. */
  readonly env?: { readonly [name: string]: string | undefined }
  /**
   * What it inherits: all variables but those that load code into a process,
   * such as `NODE_OPTIONS` and `LD_PRELOAD`, which is the default; only `PATH`,
   * `HOME` and the like ("clean"); or all of them ("everything").
   */
  readonly inherit?: "most" | "clean" | "everything"
  /**
   * Nothing by default. A `pipe` also tells a child that reads it that nobody
   * is left: it ends when this process does, however it ends.
   */
  readonly stdin?: "none" | "pipe" | "inherit"
  readonly limits?: ChildLimits
  /** How long it has from being asked to end until it is killed, and its descendants after it has ended: 5 seconds. */
  readonly grace?: Duration.Input
  readonly keepRunning?: KeepRunning
  readonly output?: OutputKeeping
  /** For who asks what runs here. */
  readonly tags?: { readonly [tag: string]: string }
}

/** Limits in numbers: bytes, cores, counts. */
export interface LimitNumbers {
  readonly memory: number | undefined
  readonly cpu: number | undefined
  readonly openFiles: number | undefined
  readonly processes: number | undefined
}

/** A `ChildSpec` with everything that was left out; times in milliseconds, sizes in bytes. */
export interface ChildPlan {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string | undefined
  readonly env: { readonly [name: string]: string | undefined }
  readonly inherit: "most" | "clean" | "everything"
  readonly stdin: "none" | "pipe" | "inherit"
  readonly limits: LimitNumbers
  readonly grace: number
  readonly keepRunning: KeepRunningPolicy
  readonly output: { readonly beginning: number; readonly lastLines: number }
  readonly tags: { readonly [tag: string]: string }
}

const bytes = (size: ByteSize.Input): number => ByteSize.toNumberUnsafe(ByteSize.fromInputUnsafe(size))

/** Fills in what was left out. */
export const planOf = (spec: ChildSpec): ChildPlan => ({
  command: spec.command,
  args: spec.args ?? [],
  cwd: spec.cwd,
  env: spec.env ?? {},
  inherit: spec.inherit ?? "most",
  stdin: spec.stdin ?? "none",
  limits: {
    memory: spec.limits?.memory === undefined ? undefined : bytes(spec.limits.memory),
    cpu: spec.limits?.cpu,
    openFiles: spec.limits?.openFiles,
    processes: spec.limits?.processes
  },
  grace: Duration.toMillis(Duration.fromInputUnsafe(spec.grace ?? "5 seconds")),
  keepRunning: policyOf(spec.keepRunning),
  output: {
    beginning: spec.output?.beginning === undefined ? 64 * 1_024 : bytes(spec.output.beginning),
    lastLines: spec.output?.lastLines ?? 20
  },
  tags: spec.tags ?? {}
})

const isCount = (value: number | undefined): boolean => value === undefined || (Number.isInteger(value) && value > 0)

/** What is wrong with it, in words; undefined if nothing is. */
export const faultOf = ({ args, command, cwd, env, limits }: ChildPlan): string | undefined => {
  if (command === "") return "it has no command"
  const texts = [command, cwd ?? "", ...args, ...Object.entries(env).flatMap(([name, value]) => [name, value ?? ""])]
  if (texts.some((text) => text.includes("\0"))) {
    return "its command, arguments or variables have a NUL character in them"
  }
  const wrong = Object.keys(env).find((name) => name === "" || name.includes("="))
  if (wrong !== undefined) return `"${wrong}" is no name of a variable`
  if (!isCount(limits.openFiles)) return `${limits.openFiles} is no number of open files`
  if (!isCount(limits.processes)) return `${limits.processes} is no number of processes`
  if (limits.memory !== undefined && !(limits.memory > 0)) return `${limits.memory} is no amount of memory`
  if (limits.cpu !== undefined && !(limits.cpu > 0)) return `${limits.cpu} is no number of cores`
  return undefined
}
