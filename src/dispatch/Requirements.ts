/**
 * Which executor may run which task, and what is missing where none may.
 *
 * @since 0.1.0
 */
import type { Requirement, Resources } from "../task/TaskSpec.ts"
import type { ExecutorSpec } from "./Event.ts"

/** What executors that can do the same have in common; where they run is not part of it. */
export type Capability = Pick<ExecutorSpec, "libraries" | "services" | "labels">

/** One slot and nothing else: the demand of a task that names none. */
export const oneSlot: Resources = { cpu: 0, bytes: 0, slots: 1 }

/** Equal for executors that can do the same. */
export const capabilityKey = ({ labels, libraries, services }: Capability): string =>
  JSON.stringify([
    libraries.map(({ name, tasks, version }) => [name, version, Object.entries(tasks).toSorted()]).toSorted(),
    services.toSorted(),
    labels.toSorted()
  ])

/** Equal for tasks that the same executors may run. */
export const requirementKey = (requirement: Requirement): string => {
  const { demand, fingerprint, labels, library, node, services, taskName, version } = requirement
  return JSON.stringify([library, version, fingerprint, taskName, services.toSorted(), labels.toSorted(), node, demand])
}

const lacking = (wanted: ReadonlyArray<string>, offered: ReadonlyArray<string>): ReadonlyArray<string> =>
  wanted.filter((name) => !offered.includes(name))

/** Empty if such an executor can run such a task, wherever it is; else what it lacks, in words. */
export const missing = (requirement: Requirement, capability: Capability): ReadonlyArray<string> => {
  const { fingerprint, labels, library, services, taskName, version } = requirement
  const named = capability.libraries.filter(({ name }) => name === library)
  const offer = named.find((offer) => offer.version === version) ?? named[0]
  const others = [
    ...lacking(services, capability.services).map((service) => `service "${service}"`),
    ...lacking(labels, capability.labels).map((label) => `label "${label}"`)
  ]
  if (offer === undefined) return [`library "${library}" ${version}`, ...others]
  const theirs = offer.tasks[taskName]
  return [
    ...(theirs === undefined ? [`an implementation of "${taskName}" in library "${library}" ${offer.version}`] : []),
    ...(theirs !== undefined && theirs !== fingerprint
      ? [`the same schemas of "${taskName}" (${library} ${version} here, ${offer.version} there, fingerprints differ)`]
      : []),
    ...(offer.version === version ? [] : [`version ${version} of library "${library}" (there is ${offer.version})`]),
    ...others
  ]
}

/** Whether `capacity` can hold `demand` at all. */
export const holds = (capacity: Resources, demand: Resources): boolean =>
  demand.cpu <= capacity.cpu && demand.bytes <= capacity.bytes && demand.slots <= capacity.slots
