/**
 * Tells schemas apart across processes: equal fingerprints are what a submitter
 * and an executor must have, and where they differ, `difference` says where.
 *
 * @since 0.1.0
 */
import { Equal, type Schema } from "effect"
import { type Shape, shapeOf } from "./SchemaShape.ts"

/** What of a task crosses the wire. */
export interface Schemas {
  readonly payload: Schema.Top
  readonly success: Schema.Top
  readonly error: Schema.Top
  readonly progress: Schema.Top
}

const fingerprints = new WeakMap<object, string>()
const remembered = (key: object, make: () => string): string => {
  let fingerprint = fingerprints.get(key)
  if (fingerprint === undefined) fingerprints.set(key, fingerprint = make())
  return fingerprint
}

/** The fingerprint of a task's schemas: 32 hexadecimal digits, the same in every process. Computed once. */
export const fingerprint = (task: Schemas): string => remembered(task, () => digest(JSON.stringify(shapesOf(task))))

/** The fingerprint of one schema. */
export const schemaFingerprint = (schema: Schema.Top): string =>
  remembered(schema.ast, () => digest(JSON.stringify(shapeOf(schema))))

/** The shapes that a fingerprint is of. */
export const shapesOf = ({ error, payload, progress, success }: Schemas) => ({
  payload: shapeOf(payload),
  success: shapeOf(success),
  error: shapeOf(error),
  progress: shapeOf(progress)
})

/**
 * 128 bits of four interleaved multiplicative hashes. Effect has no digest that
 * is both pure and wide enough; this one guards against mistakes, not attacks.
 */
const digest = (text: string): string => {
  const primes = [597399067, 2869860233, 951274213, 2716044179] as const
  const state = Uint32Array.of(1779033703, 3144134277, 1013904242, 2773480762)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    for (let lane = 0; lane < 4; lane++) {
      state[lane] = (state[(lane + 1) % 4] ?? 0) ^ Math.imul((state[lane] ?? 0) ^ unit, primes[lane] ?? 1)
    }
  }
  for (let round = 0; round < 16; round++) {
    const lane = round % 4
    const mixed = (state[lane] ?? 0) ^ ((state[(lane + 3) % 4] ?? 0) >>> 15)
    state[lane] = Math.imul(mixed, primes[(round + 1) % 4] ?? 1)
  }
  return [...state].map((word) => word.toString(16).padStart(8, "0")).join("")
}

/** The shapes of a task's schemas. */
export type TaskShapes = ReturnType<typeof shapesOf>

/** What a task has schemas of. */
export const schemaParts = ["payload", "success", "error", "progress"] as const

/** Where the schemas of two tasks first differ and how, in words; undefined where they do not. */
export const shapesDifference = (here: TaskShapes, there: TaskShapes): string | undefined => {
  for (const part of schemaParts) {
    const found = difference(here[part], there[part], part)
    if (found !== undefined) return found
  }
  return undefined
}

/** Where two shapes first differ and how, in words; undefined where they do not. `path` leads the answer. */
export const difference = (here: Shape, there: Shape, path: string): string | undefined => {
  if (here.type !== there.type) return differs(`${path} is`, article(here), article(there))
  if (here.optional !== there.optional) return differs(`${path} is`, presence(here), presence(there))
  if (!Equal.equals(here.value, there.value)) {
    return differs(`${path} is ${article(here)}`, JSON.stringify(here.value), JSON.stringify(there.value))
  }
  if (!Equal.equals(here.checks, there.checks)) {
    return differs(`${path} is checked for`, JSON.stringify(here.checks), JSON.stringify(there.checks))
  }
  return inFields(here, there, path) ?? inList(here.of, there.of, path, "member") ??
    inList(here.encoded, there.encoded, path, "encoding")
}

const differs = (what: string, here = "nothing", there = "nothing"): string => `${what} ${here} here and ${there} there`

const article = ({ type }: Shape): string => `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`

const presence = ({ optional }: Shape): string => optional ? "optional" : "required"

const inFields = (here: Shape, there: Shape, path: string): string | undefined => {
  const [ours, theirs] = [here.fields ?? {}, there.fields ?? {}]
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const our = Object.hasOwn(ours, name) ? ours[name] : undefined
    const their = Object.hasOwn(theirs, name) ? theirs[name] : undefined
    if (our === undefined) return `${path}.${name} is missing here`
    if (their === undefined) return `${path}.${name} is missing there`
    const found = difference(our, their, `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

const inList = (
  here: ReadonlyArray<Shape> = [],
  there: ReadonlyArray<Shape> = [],
  path: string,
  what: string
): string | undefined => {
  if (here.length !== there.length) return differs(`${path} has`, `${here.length} ${what}s`, `${there.length}`)
  for (const [index, our] of here.entries()) {
    const their = there[index]
    const place = here.length === 1 ? `${path} (${what})` : `${path} (${what} ${index})`
    const found = their && difference(our, their, place)
    if (found !== undefined) return found
  }
  return undefined
}
