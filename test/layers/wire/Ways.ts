/**
 * Ways to a server beside a unix socket.
 */
import { Effect, Redacted } from "effect"
import * as Minting from "../../../layers/security/Minting.ts"
import type { Claim, Verdict } from "../../../src/security/Claim.ts"
import { asked } from "../../../src/security/Granting.ts"
import type { Way } from "./Stages.ts"

const token = "a".repeat(43)

/** Lets in who has the token, or any good certificate, as whatever it asks for. */
export const verify = ({ certificate, roles, token: shown }: Claim): Verdict => {
  const names = asked(roles)
  return names !== undefined && (certificate !== undefined || (shown !== undefined && Redacted.value(shown) === token))
    ? { _tag: "Granted", roles: names, name: certificate?.name }
    : { _tag: "Refused", because: "credentials", isLogged: false, refusals: 1 }
}

/** Over TCP, as JSON, with a token. */
export const tcp: Way = {
  encoding: "ndjson",
  listen: { address: "tcp://127.0.0.1:0", verify },
  connect: { token: Redacted.make(token) }
}

/** Over TLS, with a client's certificate. */
export const tls: Effect.Effect<Way> = Effect.orDie(Effect.gen(function*() {
  // By the clock of TLS, which no test moves.
  const validity = { days: 2, from: Date.now() - 3_600_000 }
  const authority = yield* Minting.authority("test", validity)
  const server = yield* Minting.issue(authority, "server", { _tag: "Server", hosts: ["127.0.0.1"] }, validity)
  const client = yield* Minting.issue(authority, "client", { _tag: "Client", roles: ["submitter"] }, validity)
  const pair = ({ certificate, key }: Minting.Minted) => ({ cert: certificate, key: Redacted.value(key) })
  return {
    listen: { address: "tls://127.0.0.1:0", verify, tls: { ...pair(server), ca: authority.certificate } },
    connect: { tls: { ...pair(client), ca: authority.certificate } }
  }
}))
