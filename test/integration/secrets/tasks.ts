/** Tasks that are given a secret and speak of it in every way there is. */
import { Task, TaskLibrary, TaskModule } from "cadre"
import { Console, Effect, Redacted, Schema } from "effect"

/** What `Open` fails with. */
export class Wrong extends Schema.TaggedError<Wrong>()("Wrong", { what: Schema.String }) {}

/** The tasks. */
export const Vault = TaskLibrary.make(
  "vault",
  { version: "1.0.0" },
  Task.make("Open", {
    payload: { password: Schema.Redacted(Schema.String), how: Schema.Literals(["open", "fail", "crash"]) },
    success: Schema.Int,
    error: Wrong,
    retry: { Wrong: "fail" }
  })
)

/** Says a lot, and never what is secret. */
export const VaultLive = Vault.toLayer({
  Open: Effect.fnUntraced(function*({ how, password }) {
    yield* Effect.log("opening with", password, { password })
    yield* Console.log(`opening with ${password}`)
    if (how === "fail") return yield* new Wrong({ what: `${password}` })
    if (how === "crash") return yield* Effect.die(new Error(`cannot open with ${password}`))
    return Redacted.value(password).length
  })
})

export default TaskModule.make(import.meta.url, VaultLive)
