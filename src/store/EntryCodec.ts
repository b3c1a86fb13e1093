/**
 * Entries as text, without their payloads. The kind of their tasks is a text of
 * its own: thousands of entries are of the same.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { TaskSpec } from "../task/TaskSpec.ts"
import type { StoredEntry } from "./Stored.ts"

/** The form that is written here; an older one is read too, a newer one refused. */
const version = 1

const Spec = Schema.fromJsonString(Schema.toCodecJson(TaskSpec))
const encodeSpec = Schema.encodeSync(Spec)
const decodeSpec = Schema.decodeUnknownSync(Spec)

// JSON has no NaN, no Infinity and no -0.
const numberText = (value: number): number | string =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? "-0" : String(value)

const times = (
  { deadline, priority, startAt }: Pick<StoredEntry["entry"], "deadline" | "priority" | "startAt">,
  convert: (value: number) => unknown
) => {
  const all: { priority: unknown; startAt?: unknown; deadline?: unknown } = { priority: convert(priority) }
  if (startAt !== undefined) all.startAt = convert(startAt)
  if (deadline !== undefined) all.deadline = convert(deadline)
  return all
}

/** Remembers the kinds that it has seen last, as both directions meet the same ones again and again. */
export class EntryCodec {
  readonly #texts = new Map<string, string>()
  readonly #names = new Map<string, string>()
  readonly #specs = new Map<string, TaskSpec>()

  /** The kind of the entry's tasks, which `decode` must be given with the text of the entry. */
  spec({ entry: { spec } }: StoredEntry): string {
    // Tells any two apart, as of all that JSON has no word for only Infinity is possible here.
    const key = JSON.stringify(spec)
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const text = encodeSpec(spec)
    remember(this.#texts, key, text)
    return text
  }

  encode(stored: StoredEntry): string {
    const { entry: { spec: _, ...entry }, ...rest } = stored
    return JSON.stringify([version, rest, { ...entry, ...times(entry, numberText) }])
  }

  /** Throws for what is no entry, or one in a newer form. */
  decode(text: string, spec: string): StoredEntry {
    const parsed: unknown = JSON.parse(text)
    if (!Array.isArray(parsed) || parsed[0] !== version) throw new RangeError("an entry is in a form that is not known")
    const [, stored, entry] = parsed
    // Many are read at once: what `JSON.parse` has made is completed, rather than copied.
    return Object.assign(stored, {
      refFields: stored.refFields,
      submitter: this.#same(stored.submitter),
      submission: this.#same(stored.submission),
      entry: Object.assign(entry, times(entry, Number), { spec: this.#specOf(spec) })
    })
  }

  /** One text for all that are equal. */
  #same(text: string): string {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    remember(this.#names, text, text)
    return text
  }

  #specOf(text: string): TaskSpec {
    const known = this.#specs.get(text)
    if (known !== undefined) return known
    const spec = decodeSpec(text)
    remember(this.#specs, text, spec)
    return spec
  }
}

/** Many are rare, and nothing is lost with them. */
const remember = <A>(known: Map<string, A>, key: string, value: A): void => {
  if (known.size >= 1_024) known.clear()
  known.set(key, value)
}
