/**
 * Who may call what: each call names the roles that may.
 *
 * @since 0.1.0
 */
import { Context, Schema } from "effect"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import type { Role } from "../../security/Role.ts"

/** The peer was not let in as one who may call that. */
export class NotPermitted extends Schema.TaggedError<NotPermitted>("cadre/protocol/rpc/Permission/NotPermitted")(
  "NotPermitted",
  { call: Schema.String, roles: Schema.Array(Schema.String) }
) {
  override get message(): string {
    return `${this.call} is for those alone who were let in as ${this.roles.join(" or ")}`
  }
}

/** The roles that may call; one of them is enough. */
export const Needs = Context.Reference<ReadonlyArray<Role>>("cadre/protocol/rpc/Permission/Needs", {
  defaultValue: () => ["operator"]
})

/** Whether only peers on this machine may call, over a unix socket. */
export const Nearby = Context.Reference<boolean>("cadre/protocol/rpc/Permission/Nearby", { defaultValue: () => false })

/** Refuses calls of those who may not. */
export class Permission extends RpcMiddleware.Service<Permission>()("cadre/protocol/rpc/Permission", {
  error: NotPermitted
}) {}
