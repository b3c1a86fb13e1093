/**
 * The variables that a child process is given.
 *
 * @since 0.1.0
 */
import type { ChildPlan } from "./ChildSpec.ts"

/** Variables by name. */
export type Variables = { readonly [name: string]: string | undefined }

/**
 * Names the children of a supervisor, and all of their descendants that inherit
 * it: `<supervisor>:<child>`, after those of supervisors around it.
 */
export const marker = "CADRE_SUPERVISED"

/** Variables that make a process load code, or wait for a debugger or a parent, that somebody else has chosen. */
const intrusive = new Set([
  "NODE_OPTIONS",
  "NODE_REPL_EXTERNAL_MODULE",
  "NODE_CHANNEL_FD",
  "NODE_CHANNEL_SERIALIZATION_MODE",
  "NODE_UNIQUE_ID",
  "NODE_V8_COVERAGE",
  "LD_PRELOAD",
  "LD_AUDIT",
  "DYLD_INSERT_LIBRARIES",
  "PYTHONPATH",
  "PYTHONSTARTUP",
  "PYTHONHOME",
  "PERL5OPT",
  "PERL5LIB",
  "RUBYOPT",
  "RUBYLIB",
  "JAVA_TOOL_OPTIONS",
  "BASH_ENV",
  "ENV"
])

/** What a clean child is given: where things are, who it is, and how it speaks. */
const clean = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "TMPDIR",
  "TZ",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TERM"
])

/** Whether a variable is passed on. Functions that a shell exported are code as well. */
const isInherited = (name: string, inherit: ChildPlan["inherit"]): boolean =>
  inherit === "everything" ||
  (inherit === "clean" ? clean.has(name) : !intrusive.has(name) && !name.startsWith("BASH_FUNC_"))

/** The variables of a child; `mark` is added to the marks around it. What the plan itself names is taken as it is. */
export const environmentOf = (
  { env, inherit }: Pick<ChildPlan, "env" | "inherit">,
  outer: Variables,
  mark: string
): Record<string, string> => {
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(outer)) {
    if (value !== undefined && isInherited(name, inherit)) variables[name] = value
  }
  if (variables["PATH"] === undefined) variables["PATH"] = "/usr/local/bin:/usr/bin:/bin"
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete variables[name]
    else variables[name] = value
  }
  const around = outer[marker]
  variables[marker] = around === undefined || around === "" ? mark : `${around}/${mark}`
  return variables
}

/** The marks of a process, given its variables as `/proc/<pid>/environ` has them: separated by NUL. */
export const marksOf = (environ: string): ReadonlyArray<string> => {
  const start = environ.startsWith(`${marker}=`) ? 0 : environ.indexOf(`\0${marker}=`) + 1
  if (!environ.startsWith(`${marker}=`, start)) return []
  const end = environ.indexOf("\0", start)
  return environ.slice(start + marker.length + 1, end < 0 ? undefined : end).split("/")
}
