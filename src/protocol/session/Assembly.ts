/**
 * Puts submissions together that come in pieces, within bounds.
 *
 * @since 0.1.0
 */
import type { Submitted, SubmitterMessage } from "../SubmitterPort.ts"
import type { SubmitterUp } from "./SubmitterWords.ts"

type Submit = Extract<SubmitterMessage, { readonly _tag: "submit" }>

/** How many bytes of unfinished submissions there may be: of all sessions that share it. */
export class Budget {
  readonly most: number
  used = 0

  constructor(most: number) {
    this.most = most
  }
}

/** What a word has come to: a message, nothing yet, a refusal, or nonsense. */
export type Assembled =
  | { readonly _tag: "Message"; readonly message: SubmitterMessage }
  | { readonly _tag: "Unfinished" }
  | { readonly _tag: "Refused"; readonly request: number; readonly reason: string }
  | { readonly _tag: "Invalid"; readonly problem: string }

interface Unfinished {
  readonly head: Submit
  readonly pieces: ReadonlyArray<Array<Uint8Array>>
  readonly keys: ReadonlyArray<Array<string>>
  readonly hashes: ReadonlyArray<Array<number>>
  size: number
  isRefused: boolean
}

const unfinished: Assembled = { _tag: "Unfinished" }
const invalid = (problem: string): Assembled => ({ _tag: "Invalid", problem })
const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

/** What one session has begun to hand over. */
export class Assembly {
  readonly #budget: Budget
  readonly #most: number
  readonly #open = new Map<number, Unfinished>()
  #used = 0

  /** `most` are the bytes that this session may have unfinished. */
  constructor(budget: Budget, most: number) {
    this.#budget = budget
    this.#most = most
  }

  take(word: Exclude<SubmitterUp, { readonly _tag: "leave" }>): Assembled {
    if (word._tag === "piece") return this.#add(word)
    if (word._tag !== "submit") return { _tag: "Message", message: word }
    const { isWhole, ...message } = word
    if (isWhole) {
      const problem = mismatch(message)
      return problem === undefined ? { _tag: "Message", message } : invalid(problem)
    }
    if (this.#open.has(message.request)) return invalid(`request ${message.request} was begun twice`)
    if (this.#open.size >= 1_024) return invalid("more than 1,024 submissions are unfinished")
    this.#open.set(message.request, {
      head: message,
      pieces: message.entries.map(() => []),
      keys: message.entries.map(() => []),
      hashes: message.entries.map(() => []),
      size: 0,
      isRefused: false
    })
    return unfinished
  }

  /** Forgets what is unfinished: nothing more of it will come. */
  clear(): void {
    this.#budget.used -= this.#used
    this.#used = 0
    this.#open.clear()
  }

  #add({ entry, hashes = [], isLast, keys = [], pieces, request }: Extract<SubmitterUp, { readonly _tag: "piece" }>) {
    const open = this.#open.get(request)
    const [of, ofKeys, ofHashes] = [open?.pieces[entry], open?.keys[entry], open?.hashes[entry]]
    if (open === undefined || of === undefined) return invalid(`a piece of request ${request}, which was not begun`)
    const size = pieces.reduce((sum, { length }) => sum + length + 32, 0)
    if (!open.isRefused && (this.#used + size > this.#most || this.#budget.used + size > this.#budget.most)) {
      this.#release(open)
      open.isRefused = true
      for (const list of [...open.pieces, ...open.keys, ...open.hashes]) list.length = 0
    }
    if (!open.isRefused) {
      open.size += size
      this.#used += size
      this.#budget.used += size
      of.push(...pieces)
      ofKeys?.push(...keys)
      ofHashes?.push(...hashes)
    }
    if (!isLast) return unfinished
    this.#open.delete(request)
    if (open.isRefused) {
      const most = mebibytes(Math.min(this.#most, this.#budget.most))
      return {
        _tag: "Refused",
        request,
        reason: `submissions that are being handed over may have ${most}, and this one would have made them more`
      } as const
    }
    this.#release(open)
    const message: Submit = { ...open.head, entries: open.head.entries.map((head, index) => whole(head, open, index)) }
    const problem = mismatch(message)
    return problem === undefined ? { _tag: "Message", message } as const : invalid(problem)
  }

  #release(open: Unfinished): void {
    this.#used -= open.size
    this.#budget.used -= open.size
    open.size = 0
  }
}

const whole = (head: Submitted, { hashes, keys, pieces }: Unfinished, index: number): Submitted => ({
  ...head,
  entry: {
    ...head.entry,
    ...(keys[index]!.length > 0 && { keys: keys[index]! }),
    ...(hashes[index]!.length > 0 && { hashes: hashes[index]! })
  },
  payloads: { _tag: "Pieces", pieces: pieces[index]! }
})

/** What does not add up in a submission. */
const mismatch = ({ entries, request }: Submit): string | undefined => {
  for (const [index, { blobs = [], entry: { count, hashes, keys }, payloads }] of entries.entries()) {
    const there = payloads._tag === "List" ? payloads.offsets.length - 1 : payloads._tag === "Pieces"
      ? payloads.pieces.length
      : count
    const isWrong = there !== count || (keys !== undefined && keys.length !== count) ||
      (hashes !== undefined && hashes.length !== count) || blobs.some(([at]) => at < 0 || at >= count)
    if (isWrong) return `entry ${index} of request ${request} says that it has ${count} tasks, and has others`
  }
  return undefined
}
