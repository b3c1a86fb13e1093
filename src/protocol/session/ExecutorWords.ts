/**
 * What an executor and a server elsewhere say to each other within a session:
 * the messages of `ExecutorPort`, none larger than a frame may be.
 *
 * @since 0.1.0
 */
import type { LogLine } from "../../task/LogLine.ts"
import type { ExecutorCommand, ExecutorMessage } from "../ExecutorPort.ts"
import { chunked, outcomeSize } from "./SubmitterWords.ts"

/** To the server. */
export type ExecutorUp =
  | ExecutorMessage
  /** It goes: of its own will or, with a reason, as it has died. */
  | { readonly _tag: "leave"; readonly reason?: string }

/** To the executor. */
export type ExecutorDown =
  | ExecutorCommand
  /** The server has taken note. */
  | { readonly _tag: "left" }

/** A message as one word, or as many as its size takes. */
export const splitMessage = (message: ExecutorMessage): ReadonlyArray<ExecutorMessage> => {
  if (message._tag === "logs") {
    const chunks = chunked(message.entries, ({ line }) => lineSize(line))
    return chunks.length <= 1 ? [message] : chunks.map((entries) => ({ _tag: "logs", entries }))
  }
  if (message._tag !== "ended") return [message]
  const chunks = chunked(message.reports, ({ outcome }) => 64 + outcomeSize(outcome))
  return chunks.length <= 1 ? [message] : chunks.map((reports) => ({ _tag: "ended", reports }))
}

/** A command as one word, or as many as its size takes. */
export const splitCommand = (command: ExecutorCommand): ReadonlyArray<ExecutorCommand> => {
  if (command._tag !== "Assign") return [command]
  const chunks = chunked(command.attempts, attemptSize)
  return chunks.length <= 1 ? [command] : chunks.map((attempts) => ({ _tag: "Assign", attempts }))
}

const attemptSize = ({ assignment: { refs }, payload }: Extract<ExecutorCommand, { _tag: "Assign" }>["attempts"][0]) =>
  64 + payload.length + (refs === undefined ? 0 : refs.reduce((sum, outcome) => sum + 32 + outcomeSize(outcome), 0))

const lineSize = ({ annotations, message }: LogLine): number =>
  128 + 3 * Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, message.length)

/** About how many bytes a word from an executor takes. */
export const upSizeOf = (word: ExecutorUp): number => {
  switch (word._tag) {
    case "ended":
      return word.reports.reduce((sum, { outcome }) => sum + 64 + outcomeSize(outcome), 32)
    case "started":
    case "recalled":
    case "adopted":
      return 32 + 24 * word.leases.length
    case "progress":
      return 64 + word.value.length
    case "log":
    case "output":
      return lineSize(word.line)
    case "logs":
      return word.entries.reduce((sum, { line }) => sum + lineSize(line), 32)
    default:
      return 32
  }
}

/** About how many bytes a word to an executor takes. */
export const downSizeOf = (word: ExecutorDown): number =>
  word._tag === "Assign"
    ? word.attempts.reduce((sum, attempt) => sum + attemptSize(attempt), 512)
    : word._tag === "Recall"
    ? 32 + 24 * word.leases.length
    : 64
