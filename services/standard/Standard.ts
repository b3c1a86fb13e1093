/**
 * The tasks that Cadre brings along.
 *
 * @since 0.1.0
 */
import { TaskLibrary } from "../TaskLibrary.ts"
import { Echo } from "./Echo.ts"
import { Fetch } from "./Fetch.ts"
import { Fibonacci } from "./Fibonacci.ts"
import { HashFile } from "./HashFile.ts"
import { Shell } from "./Shell.ts"
import { Sleep } from "./Sleep.ts"
import { Print, Prompt, ReadLine } from "./Terminal.ts"
import { Crash, Fail, Hang } from "./Trouble.ts"

/** The standard library of tasks. */
export const Standard = TaskLibrary.make(
  "standard",
  { version: "1.0.0" },
  Print,
  Echo,
  Sleep,
  ReadLine,
  Prompt,
  HashFile,
  Shell,
  Fetch,
  Fibonacci,
  Fail,
  Crash,
  Hang
)
