/**
 * Decides what a peer may do at this server, once, when it connects. Laws, each
 * a test in `test/layers/security/Authority.test.ts`:
 *
 * - **whole** – a peer gets all the roles that it asks for, or none
 * - **apart** – a token, and a certificate, grant their own roles and no others
 * - **silent** – to a peer, missing, malformed and wrong credentials are one thing, and take the same work
 * - **patient** – an address that fails again and again is refused without a look, for a while; others are not
 * - **fresh** – a token that was added or taken away counts from the next peer on
 *
 * @since 0.1.0
 */
import { Context } from "effect"
import type { Claim, Verdict } from "../src/security/Claim.ts"

/** Decides what a peer may do at this server, once, when it connects. */
export class Authority extends Context.Service<Authority, {
  /** Answers at once: a peer that has not been let in costs nothing but this. */
  readonly verify: (claim: Claim) => Verdict
}>()("cadre/services/Authority") {}
