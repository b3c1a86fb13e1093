/**
 * A small process that outlives this one: when nobody is left at the other end
 * of its input, it ends the process groups that it was told of, and whatever
 * has the mark of this supervisor. Killing this process with SIGKILL then ends
 * its children as well.
 *
 * @since 0.1.0
 */
import { type ChildProcess, spawn } from "node:child_process"
import { accessSync, constants } from "node:fs"
import process from "node:process"

/** What any system has. */
const shell = "/bin/sh"

/**
 * `+ <group>` and `- <group>` tell it of a group, `.` that it is not needed any
 * more. Its arguments are the mark that it looks for, and what the folders of
 * control groups begin with, if there are any.
 */
const script = `
trap '' HUP INT TERM QUIT PIPE
mark=$1
prefix=$2
groups=' '
while IFS=' ' read -r what group; do
  case $what in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
    .) exit 0 ;;
  esac
done
strike() {
  found=
  for group in $groups; do kill -s "$1" -- "-$group" 2>/dev/null && found=1; done
  for file in $(grep -lF -- "$mark" /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}
    kill -s "$1" "\${pid%/environ}" 2>/dev/null && found=1
  done
}
clear() {
  [ -n "$prefix" ] && for folder in "$prefix"*/; do
    [ "$1" = kill ] && { echo 1 >"$folder/cgroup.kill"; } 2>/dev/null
    rmdir "$folder" 2>/dev/null
  done
}
strike TERM
strike CONT
for n in 1 2 3 4 5 6 7 8 9 10; do
  [ -z "$found" ] && break
  sleep 0.1
  strike 0
done
n=0
while [ -n "$found" ] && [ $n -lt 200 ]; do
  strike KILL
  n=$((n + 1))
  [ $n -gt 3 ] && sleep 0.05
done
clear kill
sleep 0.1
clear
`

/** Keeps such a process for the children of a supervisor, from the first one on. */
export class Watchdog {
  readonly #mark: string
  readonly #prefix: string
  readonly #groups = new Set<number>()
  #dog: ChildProcess | undefined
  #isClosed = false
  /** Times that it ended by itself. */
  #deaths = 0

  /** `mark` is in the variables of every child; folders of their control groups begin with `prefix`. */
  constructor(mark: string, prefix = "") {
    this.#mark = mark
    this.#prefix = prefix
  }

  /** Whether this machine has what it takes. */
  static get isPossible(): boolean {
    try {
      accessSync(shell, constants.X_OK)
      return process.platform !== "win32"
    } catch {
      return false
    }
  }

  /** Its pid, while it runs. */
  get pid(): number | undefined {
    return this.#dog?.pid
  }

  add(group: number): void {
    this.#groups.add(group)
    if (this.#dog === undefined) this.#start()
    else this.#say(`+ ${group}\n`)
  }

  remove(group: number): void {
    if (this.#groups.delete(group)) this.#say(`- ${group}\n`)
  }

  /** It is there before the first child is, so that no child is ever without it. */
  ready(): void {
    if (this.#dog === undefined) this.#start()
  }

  /** Ends it; all children have ended. */
  close(): Promise<void> {
    this.#isClosed = true
    const dog = this.#dog
    if (dog === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      dog.ref()
      dog.once("exit", () => resolve())
      dog.stdin?.end(".\n")
    })
  }

  #say(line: string): void {
    this.#dog?.stdin?.write(line)
  }

  #start(): void {
    if (this.#isClosed || this.#deaths > 10 || !Watchdog.isPossible) return
    const dog = spawn(shell, ["-c", script, "cadre-watchdog", this.#mark, this.#prefix], {
      cwd: "/",
      // Its own session: what ends this program from a terminal leaves it alone.
      detached: true,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"]
    })
    const gone = (): void => {
      if (this.#dog !== dog) return
      this.#dog = undefined
      this.#deaths++
      if (this.#groups.size > 0) this.#start()
    }
    dog.once("error", gone).once("exit", gone)
    dog.stdin?.on("error", () => {})
    dog.unref()
    // A pipe that is a socket at heart, which its type does not say.
    const input: unknown = dog.stdin
    if (typeof input === "object" && input !== null && "unref" in input && typeof input.unref === "function") {
      input.unref()
    }
    this.#dog = dog
    for (const group of this.#groups) this.#say(`+ ${group}\n`)
  }
}
