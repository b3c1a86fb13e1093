/**
 * Reads what tasks gave back, with the module that has their schemas.
 *
 * @since 0.1.0
 */
import { Effect, Option } from "effect"
import { type Known, Registry } from "../../../layers/submitter/Registry.ts"
import { type CommandFailed } from "../../cli/ExitCode.ts"
import { printer } from "../../cli/TaskText.ts"
import type { Outcome } from "../../task/Outcome.ts"
import type { Payload } from "../../task/Payload.ts"
import { UnknownTask } from "../../task/TaskError.ts"
import { implemented, load } from "./Modules.ts"

/** Makes of an outcome of some task one whose bytes are JSON, where they can be read. */
export type Legible = (outcome: Outcome, taskName: string) => Effect.Effect<Outcome>

const asTheyAre: Legible = (outcome) => Effect.succeed(outcome)

const reading = Effect.fnUntraced(function*(
  { definition, decodeError, decodeSuccess }: Known,
  part: "success" | "error",
  payload: Payload
) {
  if (payload.blob !== undefined || payload.bytes.length === 0) return payload
  const decoded = part === "success" ? decodeSuccess(payload.bytes) : decodeError(payload.bytes)
  // What a schema may need beside is nothing that a command could provide: it dies of that, and the bytes stay as they are.
  const { json } = yield* printer(definition[part])(yield* decoded as Effect.Effect<unknown, unknown>)
  if (json === undefined) return payload
  return { encoding: "json" as const, bytes: new TextEncoder().encode(JSON.stringify(json)) }
}, (decoding, _known, _part, payload) => Effect.catchCause(decoding, () => Effect.succeed(payload)))

/** With the module that was named; without one what is not JSON stays as it is. */
export const legible: (module: Option.Option<string>) => Effect.Effect<Legible, CommandFailed> = Effect.fnUntraced(
  function*(module) {
    if (Option.isNone(module)) return asTheyAre
    const found = yield* implemented(module.value, yield* load(module.value))
    const libraries = found.map(({ library }) => library)
    const registry = new Registry(libraries, undefined, false)
    const knownOf = (name: string): Known | undefined => {
      const task = libraries.map(({ tasks }) => tasks.get(name)).find((task) => task !== undefined)
      const known = task && registry.find(task)
      return known instanceof UnknownTask ? undefined : known
    }
    const read: Legible = (outcome, taskName) => {
      const known = knownOf(taskName)
      if (known === undefined) return Effect.succeed(outcome)
      if (outcome._tag === "Succeeded") {
        return Effect.map(reading(known, "success", outcome.value), (value) => ({ ...outcome, value }))
      }
      return outcome._tag === "Failed"
        ? Effect.map(reading(known, "error", outcome.error), (error) => ({ ...outcome, error }))
        : Effect.succeed(outcome)
    }
    return read
  },
  Effect.scoped
)
