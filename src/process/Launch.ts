/**
 * How a child is started so that its limits hold from its first instruction,
 * and what is wrong when it cannot be.
 *
 * @since 0.1.0
 */
import type { ChildPlan, LimitNumbers } from "./ChildSpec.ts"

/** What a process limit allows of threads beyond processes: the kernel counts both alike. */
export const threadsPerProcess = 16

/** A command and its arguments. */
export interface CommandLine {
  readonly command: string
  readonly args: ReadonlyArray<string>
}

/**
 * The lines of a shell that limits itself, and then becomes the command.
 * Shells disagree about the option for processes. What cannot be limited is
 * not: `Capabilities` says so.
 */
const scriptOf = ({ memory, openFiles, processes }: LimitNumbers, others: number): ReadonlyArray<string> => {
  const most = (processes ?? 0) * threadsPerProcess + others
  return [
    // Of those that take too much memory, the kernel is to end this one rather than us.
    ...(memory === undefined ? [] : ["{ echo 500 >/proc/self/oom_score_adj; } 2>/dev/null"]),
    ...(openFiles === undefined ? [] : [`ulimit -n ${openFiles} 2>/dev/null`]),
    ...(processes === undefined ? [] : [`ulimit -u ${most} 2>/dev/null || ulimit -p ${most} 2>/dev/null`])
  ]
}

/**
 * The command that is run for a plan: its own, or a shell that becomes it.
 * `path` is where the command was found, `groups` are files that it writes its
 * own pid to first; `others` is how many processes and threads this user has
 * already, as a limit of the kernel counts all of a user.
 */
export const commandLine = (
  { args, limits }: Pick<ChildPlan, "args" | "limits">,
  path: string,
  groups: ReadonlyArray<string>,
  others: number
): CommandLine => {
  const script = [...groups.map((_, index) => `{ echo $$ >"$${index + 1}"; } 2>/dev/null`), ...scriptOf(limits, others)]
  if (script.length === 0) return { command: path, args }
  const shift = groups.length === 0 ? [] : [`shift ${groups.length}`]
  return {
    command: "/bin/sh",
    args: ["-c", [...script, ...shift, "exec \"$@\""].join("\n"), "sh", ...groups, path, ...args]
  }
}

/** What the system refused a command for, in words. */
export const reasonOf = (
  code: string | undefined,
  { command, cwd }: Pick<ChildPlan, "command" | "cwd">,
  message: string
): string => {
  switch (code) {
    case "ENOENT":
      return `there is no command "${command}", or the program that its first line names is not there`
    case "EACCES":
    case "EPERM":
      return `${command} may not be run by this user: it is not executable, or ${
        cwd ?? "the folder"
      } may not be entered`
    case "ENOEXEC":
      return `${command} is no program of this machine`
    case "E2BIG":
      return `the arguments and variables of ${command} are too long: give what is long on stdin or in a file`
    case "EAGAIN":
      return `no more processes may be started by this user: end some, or raise \`ulimit -u\``
    case "EMFILE":
    case "ENFILE":
      return "no more files may be opened: raise `ulimit -n`"
    case "ENOMEM":
      return "there is not enough memory to start it"
    default:
      return message
  }
}

/** Where a command may be: as it is if it has a slash in it, else in the folders of PATH. */
export const candidates = (command: string, path: string): ReadonlyArray<string> =>
  command.includes("/") ? [command] : path.split(":").map((folder) => `${folder === "" ? "." : folder}/${command}`)
