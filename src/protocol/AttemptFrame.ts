/**
 * Attempts on their way to a thread as one run of bytes: some whole numbers for
 * each, then their payloads. What few attempts have travels beside the bytes.
 *
 * @since 0.1.0
 */
import type { Batch } from "../dispatch/Command.ts"
import { partsOf, withParts } from "../task/Parts.ts"
import type { TaskSpec } from "../task/TaskSpec.ts"
import { arrived, leaving } from "./CrossingOutcome.ts"
import type { Attempt } from "./ExecutorPort.ts"

/** An attempt and the claim that says who has it (see `Claims`). */
export interface Claimed {
  readonly attempt: Attempt
  readonly claim: number
}

/** What few attempts have. */
export interface Rare {
  readonly place: number
  readonly refs: Attempt["assignment"]["refs"]
  readonly refFields: Attempt["refFields"]
  readonly trace: Batch["trace"]
}

/** What travels beside the bytes of the payload at a place. */
export type PartsAt = readonly [place: number, parts: ReadonlyArray<Uint8Array>]

/** Attempts; `specs` are the kinds of task that no frame before has named, in the order of their numbers. */
export interface AttemptFrame {
  readonly bytes: ArrayBuffer
  readonly specs: ReadonlyArray<TaskSpec>
  readonly rare: ReadonlyArray<Rare>
  readonly parts: ReadonlyArray<PartsAt>
}

/** A frame and the buffers that move with it. */
export interface Written<out Frame> {
  readonly frame: Frame
  readonly transfer: ReadonlyArray<ArrayBuffer>
}

/** Whether what travels beside the payload moves with the attempt: there will be no other that needs it. */
export const isMoved = ({ assignment: { batch: { spec } }, payload }: Attempt): boolean =>
  (spec.attempts === 1 || spec.delivery === "atMostOnce") && partsOf(payload) !== undefined

// Claim, spec, position (low and high half), epoch, retries, index, priority, flags, length of the payload.
const fields = 10
const [isResumed, isFollowed, isRare, isParted, isLogged] = [1, 2, 4, 8, 16]
const half = 2 ** 32

const copy = (from: Uint8Array, to: Uint8Array, at: number): void => {
  const { length } = from
  // Below that a call costs more than the bytes.
  if (length >= 32) to.set(from, at)
  else for (let index = 0; index < length; index++) to[at + index] = from[index]!
}

/** The end that sends. It knows which kinds of task the other end has heard of. */
export class AttemptWriter {
  readonly #specs = new Map<TaskSpec, number>()

  write(attempts: ReadonlyArray<Claimed>): Written<AttemptFrame> {
    const specs: Array<TaskSpec> = []
    const rare: Array<Rare> = []
    const parts: Array<PartsAt> = []
    const transfer: Array<ArrayBuffer> = []
    const start = 4 * (1 + fields * attempts.length)
    const size = attempts.reduce((sum, { attempt }) => sum + attempt.payload.length, start)
    const bytes = new Uint8Array(size)
    const numbers = new Int32Array(bytes.buffer, 0, start / 4)
    numbers[0] = attempts.length
    let at = 1
    let end = start
    for (let place = 0; place < attempts.length; place++) {
      const { attempt, claim } = attempts[place]!
      const { assignment, payload, refFields } = attempt
      const { batch, refs, task } = assignment
      let spec = this.#specs.get(batch.spec)
      if (spec === undefined) {
        this.#specs.set(batch.spec, spec = this.#specs.size)
        specs.push(batch.spec)
      }
      let flags = (assignment.isResumed ? isResumed : 0) | (attempt.isFollowed ? isFollowed : 0) |
        (attempt.isLogged === true ? isLogged : 0)
      if (refs !== undefined || refFields !== undefined || batch.trace !== undefined) {
        flags |= isRare
        rare.push({ place, refs: refs?.map(leaving), refFields, trace: batch.trace })
      }
      const beside = partsOf(payload)
      if (beside !== undefined) {
        flags |= isParted
        parts.push([place, beside])
        if (isMoved(attempt)) transfer.push(...beside.map(({ buffer }) => buffer as ArrayBuffer))
      }
      numbers[at] = claim
      numbers[at + 1] = spec
      numbers[at + 2] = task
      numbers[at + 3] = task / half
      numbers[at + 4] = assignment.epoch
      numbers[at + 5] = assignment.retries
      numbers[at + 6] = assignment.index
      numbers[at + 7] = batch.priority
      numbers[at + 8] = flags
      numbers[at + 9] = payload.length
      copy(payload, bytes, end)
      at += fields
      end += payload.length
    }
    transfer.push(bytes.buffer)
    return { frame: { bytes: bytes.buffer, specs, rare, parts }, transfer }
  }
}

/**
 * The end that runs them. There an attempt goes by its claim, which is small,
 * and not by the position of its task, which `positions` has; what it does not
 * need to know of its batch is left empty.
 */
export class AttemptReader {
  readonly #specs: Array<TaskSpec> = []

  /** By claim. */
  readonly positions: Array<number> = []

  read({ bytes, parts, rare, specs }: AttemptFrame): ReadonlyArray<Attempt> {
    this.#specs.push(...specs)
    const [count = 0] = new Int32Array(bytes, 0, 1)
    const numbers = new Int32Array(bytes, 0, 1 + fields * count)
    const attempts: Array<Attempt> = []
    let at = 1
    let start = 4 * numbers.length
    let rares = 0
    let parted = 0
    let batch: Batch | undefined
    for (let place = 0; place < count; place++) {
      const spec = this.#specs[numbers[at + 1]!]
      if (spec === undefined) throw new RangeError(`Attempt ${place} is of a kind of task that nobody has named`)
      const priority = numbers[at + 7]!
      const flags = numbers[at + 8]!
      const length = numbers[at + 9]!
      const { refFields, refs, trace } = (flags & isRare) === 0 ? nothing : rare[rares++] ?? nothing
      if (batch === undefined || batch.spec !== spec || batch.priority !== priority || batch.trace !== trace) {
        batch = { ...unknown, spec, priority, trace }
      }
      const claim = numbers[at]!
      const payload = new Uint8Array(bytes, start, length)
      if ((flags & isParted) !== 0) withParts(payload, parts[parted++]![1])
      this.positions[claim] = (numbers[at + 2]! >>> 0) + half * numbers[at + 3]!
      attempts.push({
        assignment: {
          task: claim,
          epoch: numbers[at + 4]!,
          retries: numbers[at + 5]!,
          index: numbers[at + 6]!,
          batch,
          refs: refs?.map(arrived),
          isResumed: (flags & isResumed) !== 0
        },
        payload,
        refFields,
        isFollowed: (flags & isFollowed) !== 0,
        isLogged: (flags & isLogged) !== 0
      })
      at += fields
      start += length
    }
    return attempts
  }
}

const nothing = { refs: undefined, refFields: undefined, trace: undefined }
const unknown = { source: 0, submitter: "", submission: "", request: 0, entry: 0, deadline: undefined }
