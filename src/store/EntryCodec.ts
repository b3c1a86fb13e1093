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

const times = (entry: StoredEntry["entry"], convert: (value: number) => unknown) => ({
  priority: convert(entry.priority),
  ...(entry.startAt !== undefined && { startAt: convert(entry.startAt) }),
  ...(entry.deadline !== undefined && { deadline: convert(entry.deadline) })
})

/** Remembers the kinds that it has seen last, as both directions meet the same ones again and again. */
export class EntryCodec {
  readonly #texts = new WeakMap<TaskSpec, string>()
  readonly #specs = new Map<string, TaskSpec>()

  /** The kind of the entry's tasks, which `decode` must be given with the text of the entry. */
  spec({ entry: { spec } }: StoredEntry): string {
    const known = this.#texts.get(spec)
    if (known !== undefined) return known
    const text = encodeSpec(spec)
    this.#texts.set(spec, text)
    return text
  }

  encode(stored: StoredEntry): string {
    const { entry, refFields, ...rest } = stored
    const { spec: _, ...own } = entry
    return JSON.stringify([version, { ...rest, refFields, entry: { ...own, ...times(entry, numberText) } }])
  }

  /** Throws for what is no entry, or one in a newer form. */
  decode(text: string, spec: string): StoredEntry {
    const parsed: unknown = JSON.parse(text)
    if (!Array.isArray(parsed) || parsed[0] !== version) throw new RangeError("an entry is in a form that is not known")
    const { entry, refFields, ...rest } = parsed[1]
    return { ...rest, refFields, entry: { ...entry, ...times(entry, Number), spec: this.#specOf(spec) } }
  }

  #specOf(text: string): TaskSpec {
    const known = this.#specs.get(text)
    if (known !== undefined) return known
    // Many are rare, and nothing is lost with them.
    if (this.#specs.size >= 1_024) this.#specs.clear()
    const spec = decodeSpec(text)
    this.#specs.set(text, spec)
    return spec
  }
}
