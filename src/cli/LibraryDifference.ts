/**
 * Where two descriptions of libraries differ, and whether a submitter of one
 * can hand tasks to an executor of the other.
 *
 * @since 0.1.0
 */
import { Equal } from "effect"
import { difference, schemaParts } from "../task/Fingerprint.ts"
import type { LibraryDescription, SchemaDescription, TaskDescription } from "../task/LibraryDescription.ts"
import type { Shape } from "../task/SchemaShape.ts"

/** One difference: where, how, and whether tasks can no longer be handed over because of it. */
export interface Difference {
  /** Such as `maths.Factor.payload.n`. */
  readonly path: string
  readonly text: string
  readonly isIncompatible: boolean
}

// Descriptions hold what `shapeOf` made.
const shape = (description: SchemaDescription): Shape => description.shape as unknown as Shape

/** All fields in which two shapes differ, one text each. */
const shapeDifferences = (here: Shape, there: Shape, path: string): ReadonlyArray<string> => {
  if (here.type !== there.type || here.fields === undefined || there.fields === undefined) {
    const found = difference(here, there, path)
    return found === undefined ? [] : [found]
  }
  const [ours, theirs] = [here.fields, there.fields]
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].toSorted()
  const inFields = names.flatMap((name) => {
    const [our, their] = [ours[name], theirs[name]]
    if (our === undefined) return [`${path}.${name} is missing here`]
    if (their === undefined) return [`${path}.${name} is missing there`]
    return our.optional === their.optional
      ? shapeDifferences(our, their, `${path}.${name}`)
      : [difference(our, their, `${path}.${name}`) ?? ""]
  })
  const rest = difference({ ...here, fields: {} }, { ...there, fields: {} }, path)
  return rest === undefined ? inFields : [...inFields, rest]
}

/** What else a task says of itself; of these, only what places a task keeps it from being run. */
const settings = [
  "services",
  "labels",
  "delivery",
  "retry",
  "timeout",
  "deadline",
  "grace",
  "attempts",
  "priority",
  "limits",
  "demand"
] as const

const shown = (value: unknown): string => value === undefined ? "nothing" : JSON.stringify(value)

const taskDifferences = (library: string, here: TaskDescription, there: TaskDescription): ReadonlyArray<Difference> => {
  const path = `${library}.${here.name}`
  const schemas = here.fingerprint === there.fingerprint
    ? []
    : schemaParts.flatMap((part) => shapeDifferences(shape(here[part]), shape(there[part]), part))
  const inSchemas = schemas.length === 0 && here.fingerprint !== there.fingerprint ? ["the schemas differ"] : schemas
  return [
    ...inSchemas.map((text) => ({ path, text, isIncompatible: true })),
    ...settings.flatMap((setting) =>
      Equal.equals(here[setting], there[setting])
        ? []
        : [{
          path,
          text: `${setting} is ${shown(here[setting])} here and ${shown(there[setting])} there`,
          isIncompatible: setting === "services" || setting === "labels"
        }]
    )
  ]
}

const missing = (path: string, where: "here" | "there"): Difference => ({
  path,
  text: `is missing ${where}`,
  // What is new there is in nobody's way.
  isIncompatible: where === "there"
})

const inLibrary = (here: LibraryDescription, there: LibraryDescription): ReadonlyArray<Difference> => {
  const { name } = here
  const tasks = [...new Set([...here.tasks, ...there.tasks].map((task) => task.name))]
  const inTask = (task: string): ReadonlyArray<Difference> => {
    const ours = here.tasks.find((other) => other.name === task)
    const theirs = there.tasks.find((other) => other.name === task)
    if (ours === undefined) return [missing(`${name}.${task}`, "here")]
    return theirs === undefined ? [missing(`${name}.${task}`, "there")] : taskDifferences(name, ours, theirs)
  }
  const inPart = (part: "version" | "encoding"): ReadonlyArray<Difference> =>
    here[part] === there[part]
      ? []
      : [{ path: name, text: `${part} is ${here[part]} here and ${there[part]} there`, isIncompatible: true }]
  return [...inPart("version"), ...inPart("encoding"), ...tasks.flatMap(inTask)]
}

/** All differences. Incompatible is what would keep tasks of `here` from being run by `there`. */
export const libraryDifferences = (
  here: ReadonlyArray<LibraryDescription>,
  there: ReadonlyArray<LibraryDescription>
): ReadonlyArray<Difference> => {
  const names = new Set([...here, ...there].map(({ name }) => name))
  return [...names].flatMap((name) => {
    const our = here.find((library) => library.name === name)
    const their = there.find((library) => library.name === name)
    if (our === undefined) return [missing(name, "here")]
    return their === undefined ? [missing(name, "there")] : inLibrary(our, their)
  })
}
