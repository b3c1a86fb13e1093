/**
 * The libraries that a submitter knows: which library a task is from, and with
 * that its kind, its encoding and its codecs.
 *
 * @since 0.1.0
 */
import { Duration, type Effect, type Schema } from "effect"
import type { SubmitOptions } from "../../services/Submitter.ts"
import { NodeId } from "../../src/task/Attempt.ts"
import { fingerprint } from "../../src/task/Fingerprint.ts"
import type { Encoding } from "../../src/task/Payload.ts"
import type { EncodedBatch, ValueRefused } from "../../src/task/PayloadCodec.ts"
import { PayloadCodec } from "../../src/task/PayloadCodec.ts"
import type { Sealer } from "../../src/task/Secret.ts"
import { type TaskDefinition, toSpec } from "../../src/task/TaskDefinition.ts"
import { UnknownTask } from "../../src/task/TaskError.ts"
import type { TaskSpec } from "../../src/task/TaskSpec.ts"

type Decoded = Effect.Effect<unknown, Schema.SchemaError, unknown>

/** A task as this submitter hands it over. */
export interface Known {
  readonly definition: TaskDefinition.Any
  readonly spec: TaskSpec
  readonly encoding: Encoding
  readonly encodePayload: (value: unknown) => Effect.Effect<Uint8Array, Schema.SchemaError, unknown>
  readonly encodePayloads: (values: Iterable<unknown>) => Effect.Effect<EncodedBatch, ValueRefused, unknown>
  readonly decodeSuccess: (bytes: Uint8Array) => Decoded
  /** As `decodeSuccess`, where nobody else will read the result. */
  readonly takeSuccess: (bytes: Uint8Array) => Decoded
  readonly decodeError: (bytes: Uint8Array) => Decoded
  readonly decodeProgress: (bytes: Uint8Array) => Decoded
}

/** A library as far as a submitter has to know it: its tasks, or only the fingerprints of their schemas. */
export interface Catalogue {
  readonly name: string
  readonly version: string
  readonly encoding: Exclude<Encoding, "raw">
  readonly tasks: ReadonlyMap<string, TaskDefinition.Any | string>
  /** Where it is, if not in this program, and how a task of it differs from one that the program has. */
  readonly from?: string
  readonly difference?: (definition: TaskDefinition.Any) => string | undefined
}

const isSame = (there: TaskDefinition.Any | string | undefined, definition: TaskDefinition.Any): boolean =>
  there !== undefined &&
  (there === definition || (typeof there === "string" ? there : fingerprint(there)) === fingerprint(definition))

/** Finds tasks; each is looked for once. */
export class Registry {
  readonly sealer: Sealer | undefined
  readonly #libraries: ReadonlyArray<Catalogue>
  readonly #isLocal: boolean
  readonly #known = new Map<TaskDefinition.Any, Known | UnknownTask>()
  readonly #variants = new Map<TaskSpec, Map<string, TaskSpec>>()

  /** `isLocal` if the executors are in this process. */
  constructor(libraries: ReadonlyArray<Catalogue>, sealer: Sealer | undefined, isLocal: boolean) {
    this.#isLocal = isLocal
    this.#libraries = libraries
    this.sealer = sealer
  }

  find(definition: TaskDefinition.Any): Known | UnknownTask {
    let known = this.#known.get(definition)
    if (known === undefined) this.#known.set(definition, known = this.#find(definition))
    return known
  }

  #find(definition: TaskDefinition.Any): Known | UnknownTask {
    const { name } = definition
    const named = this.#libraries.filter(({ tasks }) => tasks.has(name))
    const library = named.find(({ tasks }) => tasks.get(name) === definition) ??
      named.find(({ tasks }) => isSame(tasks.get(name), definition))
    if (library === undefined) {
      const [other] = named
      const where = other?.from === undefined ? "" : ` (${other.from})`
      const difference = other?.difference?.(definition)
      return new UnknownTask({
        taskName: name,
        known: this.#libraries.flatMap(({ tasks }) => [...tasks.keys()]),
        reason: named.length === 0
          ? "no library here has it"
          : `library ${other?.name}${where} has a task of that name with other schemas${
            difference === undefined ? "" : `: ${difference}`
          }`
      })
    }
    const { encoding, version } = library
    const [payload, success, error, progress] = [
      definition.payload,
      definition.success,
      definition.error,
      definition.progress
    ].map((schema) => PayloadCodec.make(schema, encoding, this.sealer))
    return {
      definition,
      encoding,
      spec: toSpec(definition, { libraryName: library.name, version, encoding }),
      // Payloads that are told apart by their bytes have all of them in one place.
      encodePayload: this.#isLocal && definition.idempotencyKey === undefined ? payload!.encodeApart : payload!.encode,
      encodePayloads: payload!.encodeAll,
      decodeSuccess: success!.decode,
      takeSuccess: definition.idempotencyKey === undefined ? success!.take : success!.decode,
      decodeError: error!.decode,
      decodeProgress: progress!.decode
    }
  }

  /** The kind of task that the options make of it; the same object for the same options. */
  specOf({ spec }: Known, { labels, node }: SubmitOptions): TaskSpec {
    if ((labels === undefined || labels.length === 0) && node === undefined) return spec
    const key = JSON.stringify([labels, node])
    let variants = this.#variants.get(spec)
    if (variants === undefined) this.#variants.set(spec, variants = new Map())
    let variant = variants.get(key)
    if (variant === undefined) {
      const { requirement } = spec
      variant = {
        ...spec,
        requirement: {
          ...requirement,
          labels: [...new Set([...requirement.labels, ...(labels ?? [])])],
          ...(node !== undefined && { node: NodeId.make(node) })
        }
      }
      variants.set(key, variant)
    }
    return variant
  }
}

/** The parts of an entry that the options decide; times count from the submission, in milliseconds. */
export const timing = ({ definition }: Known, { deadline = definition.deadline, delay }: SubmitOptions) => ({
  ...(delay !== undefined && { startAt: Duration.toMillis(delay) }),
  ...(deadline !== undefined && { deadline: Duration.toMillis(deadline) })
})
