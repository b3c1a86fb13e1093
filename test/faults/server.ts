/** A server as it ships, that waits for lost clients for as long as `CADRE_TEST_SESSION` says, in milliseconds. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Effect } from "effect"
import process from "node:process"
import { run } from "../../layers/host/ServerHost.ts"
import * as Listener from "../../layers/wire/Listener.ts"
import { CannotServe } from "../../src/host/HostError.ts"
import { settings } from "../../src/host/Settings.ts"
import { format } from "../../src/protocol/Address.ts"

const sessionTime = Number(process.env["CADRE_TEST_SESSION"])

const main = Effect.gen(function*() {
  return yield* run({
    settings: yield* settings,
    version: "0.0.0",
    ready: () => Effect.void,
    listen: Effect.fnUntraced(function*({ known, left, operator, pool, server, socket }) {
      const address = { _tag: "Unix", path: socket } as const
      yield* known([format(address)])
      const { guests } = yield* Listener.listen({ address, server, operator, pool, left, limits: { sessionTime } })
      return { addresses: [format(address)], clients: () => guests().length }
    }, Effect.mapError(({ message }) => new CannotServe({ reason: message })))
  })
})

Effect.runFork(Effect.provide(Effect.scoped(main), NodeFileSystem.layer)).addObserver((exit) => {
  process.stderr.write(`${JSON.stringify(exit)}\n`)
  process.exit(1)
})
