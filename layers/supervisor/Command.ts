/**
 * Finds the program of a command as the system would, so that what is wrong
 * with it can be said before anything is started.
 *
 * @since 0.1.0
 */
import { constants } from "node:fs"
import { access, stat } from "node:fs/promises"
import { resolve } from "node:path"
import process from "node:process"
import type { ChildPlan } from "../../src/process/ChildSpec.ts"
import { candidates, reasonOf } from "../../src/process/Launch.ts"

/** The path of a program, or why there is none. */
export type Found = { readonly path: string } | { readonly reason: string }

/** Looks for it in the folder that it is to run in. */
export const find = async (
  { command, cwd }: Pick<ChildPlan, "command" | "cwd">,
  path: string
): Promise<Found> => {
  const folder = resolve(cwd ?? process.cwd())
  const info = await stat(folder).catch(() => undefined)
  if (info === undefined) return { reason: `the folder ${folder} does not exist` }
  if (!info.isDirectory()) return { reason: `${folder} is no folder` }
  let problem = "ENOENT"
  for (const candidate of candidates(command, path)) {
    const file = resolve(folder, candidate)
    const found = await stat(file).catch(() => undefined)
    if (found === undefined) continue
    if (found.isDirectory()) {
      if (command.includes("/")) return { reason: `${file} is a folder` }
      continue
    }
    if (await access(file, constants.X_OK).then(() => true, () => false)) return { path: file }
    problem = "EACCES"
  }
  return { reason: reasonOf(problem, { command, cwd }, problem) }
}
