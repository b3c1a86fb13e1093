/**
 * What a thread tells of its libraries, and what a submitter makes of that.
 *
 * @since 0.1.0
 */
import type { TaskLibrary } from "../../services/TaskLibrary.ts"
import type { Offer } from "../../src/dispatch/Event.ts"
import { fingerprint, shapesDifference, shapesOf, type TaskShapes } from "../../src/task/Fingerprint.ts"
import type { Catalogue } from "../submitter/Registry.ts"

/** A library as the other side has to know it. */
export interface Contents extends Pick<TaskLibrary.Any, "encoding" | "name" | "version"> {
  readonly tasks: ReadonlyArray<TaskContents>
}

/** A task of it, with the shapes that its fingerprint is of where somebody may want to know how another differs. */
export interface TaskContents {
  readonly name: string
  readonly fingerprint: string
  readonly shapes?: TaskShapes
}

/** Describes a library. */
export const contentsOf = ({ encoding, name, tasks, version }: TaskLibrary.Any): Contents => ({
  name,
  version,
  encoding,
  tasks: [...tasks.values()].map((task) => ({
    name: task.name,
    fingerprint: fingerprint(task),
    // Data and no more: it crosses to another thread.
    shapes: JSON.parse(JSON.stringify(shapesOf(task))) as TaskShapes
  }))
})

/** What an executor with that library offers. */
export const offerOf = ({ name, tasks, version }: Contents): Offer => ({
  name,
  version,
  tasks: Object.fromEntries(tasks.map(({ fingerprint, name }) => [name, fingerprint]))
})

/** The library as a submitter finds tasks in it; `from` says where it is. */
export const catalogueOf = ({ tasks, ...library }: Contents, from?: string): Catalogue => ({
  ...library,
  ...(from !== undefined && { from }),
  tasks: new Map(tasks.map(({ fingerprint, name }) => [name, fingerprint])),
  difference: (definition) => {
    const there = tasks.find(({ name }) => name === definition.name)
    if (there?.shapes === undefined) return undefined
    return shapesDifference(shapesOf(definition), there.shapes)
  }
})

/** What there is to tell of a catalogue. */
export const contentsOfCatalogue = ({ encoding, name, tasks, version }: Catalogue): Contents => ({
  name,
  version,
  encoding,
  tasks: [...tasks].map(([name, task]) => ({
    name,
    fingerprint: typeof task === "string" ? task : fingerprint(task)
  }))
})
