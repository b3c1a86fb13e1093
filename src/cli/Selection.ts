/**
 * Which tasks somebody means.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import { type Selector, TaskStatus } from "../operate/View.ts"
import { didYouMean, suggestions } from "./Suggestion.ts"

/** Words that stand for tasks. */
export const selectorWords = ["last", "all", "failed"] as const

const id = /^\d+\.\d+\.\d+$/

/** Whether the words can mean more than one task. */
export const isMany = (selector: Selector): boolean =>
  selector._tag === "Tasks" ? selector.ids.length > 1 : selector._tag !== "Last"

/** Reads them; `otherwise` is what nothing at all stands for, and where that is absent something must be written. */
export const readSelector = (
  words: ReadonlyArray<string>,
  submission: string | undefined,
  otherwise?: Selector
): Result.Result<Selector, string> => {
  const [first] = words
  if (submission !== undefined) {
    return first === undefined
      ? Result.succeed({ _tag: "Submission", id: submission })
      : Result.fail(`--submission and ${first} exclude each other: name one of them`)
  }
  if (first === undefined) {
    return otherwise === undefined
      ? Result.fail(`Say which tasks: an id, several ids, last, all, failed, or --submission <id>`)
      : Result.succeed(otherwise)
  }
  const named = selectorWords.find((word) => words.includes(word))
  if (named !== undefined) {
    if (words.length > 1) return Result.fail(`"${named}" stands alone: leave out ${others(words, named)}`)
    return Result.succeed(named === "last" ? { _tag: "Last" } : named === "all" ? { _tag: "All" } : { _tag: "Failed" })
  }
  const bad = words.find((word) => !id.test(word))
  if (bad !== undefined) {
    if (TaskStatus.literals.some((status) => status === bad)) {
      return Result.fail(`"${bad}" is a status: cadre task list --status ${bad}`)
    }
    const near = suggestions(bad, selectorWords)
    return Result.fail(
      `"${bad}" is no task's id. ${
        near.length > 0 ? didYouMean(bad, selectorWords) : "Ids are as 0.1.42: cadre task list shows them"
      }`
    )
  }
  return Result.succeed({ _tag: "Tasks", ids: [...new Set(words)] })
}

const others = (words: ReadonlyArray<string>, named: string): string => words.filter((word) => word !== named).join(" ")

/** Reads "failed,lost" as the statuses of tasks. */
export const readStatuses = (text: string): Result.Result<ReadonlyArray<TaskStatus>, string> => {
  const known = TaskStatus.literals
  const found: Array<TaskStatus> = []
  for (const word of text.split(",").map((word) => word.trim()).filter((word) => word !== "")) {
    const key = word.toLowerCase().replace(/[-_ ]/g, "")
    const status = known.find((status) => status.toLowerCase() === key)
    if (status === undefined) return Result.fail(`There is no status "${word}". ${didYouMean(word, known)}`)
    found.push(status)
  }
  return found.length === 0 ? Result.fail(`Expected one of ${known.join(", ")}`) : Result.succeed(found)
}
