/**
 * Requests over HTTP.
 *
 * @since 0.1.0
 */
import { Effect, Schedule, Schema } from "effect"
import { Task } from "../Task.ts"
import { withDefault } from "./Default.ts"
import { Size, Time } from "./Quantity.ts"

const at = "cadre/services/standard/Fetch"
const url = Schema.String
const reason = Schema.String

const isRepeatable = Schema.Boolean.annotate({
  description: "whether another attempt may succeed, and does no harm: the method says that"
})

/** Such a request cannot be sent, such as one to another scheme than http or https; `reason` says why. */
export class FetchInvalid extends Schema.TaggedError<FetchInvalid>(`${at}/FetchInvalid`)("FetchInvalid", {
  url,
  reason
}) {
  override get message(): string {
    return `The request to ${this.url} cannot be sent: ${this.reason}`
  }
}

/** Nobody listens at that address. */
export class FetchRefused extends Schema.TaggedError<FetchRefused>(`${at}/FetchRefused`)("FetchRefused", {
  url,
  reason
}) {
  override get message(): string {
    return `No connection to ${this.url}: ${this.reason}. Does the server run, and at that port?`
  }
}

/** The name of the host cannot be resolved; `isTransient` when it was the resolver that failed. */
export class HostUnknown extends Schema.TaggedError<HostUnknown>(`${at}/HostUnknown`)("HostUnknown", {
  url,
  host: Schema.String,
  isTransient: Schema.Boolean
}) {
  override get message(): string {
    return this.isTransient
      ? `The name ${this.host} cannot be resolved at the moment`
      : `There is no host ${this.host}: is its name right?`
  }
}

/** There was no whole response in time. */
export class FetchTimedOut extends Schema.TaggedError<FetchTimedOut>(`${at}/FetchTimedOut`)("FetchTimedOut", {
  url,
  after: Schema.Number.annotate({ description: "milliseconds" })
}) {
  override get message(): string {
    return `${this.url} has not answered in full within ${this.after} ms`
  }
}

/** The response is larger than `maxBytes`. */
export class FetchTooLarge extends Schema.TaggedError<FetchTooLarge>(`${at}/FetchTooLarge`)("FetchTooLarge", {
  url,
  maxBytes: Schema.Int
}) {
  override get message(): string {
    return `The response of ${this.url} has more than ${this.maxBytes} bytes: allow more with maxBytes`
  }
}

/** The connection broke, or what came over it was no HTTP; `reason` says why. */
export class FetchBroken extends Schema.TaggedError<FetchBroken>(`${at}/FetchBroken`)("FetchBroken", {
  url,
  reason,
  isRepeatable
}) {
  override get message(): string {
    return `The connection to ${this.url} broke: ${this.reason}`
  }
}

/** Three more attempts, 0.2 to 0.8 seconds apart. */
const soon = Schedule.exponential("200 millis").pipe(Schedule.upTo({ times: 3 }))

const soonIf = <E>(isPassing: (error: E) => boolean) =>
  Schedule.while(soon, ({ input }: { readonly input: E }) => Effect.succeed(isPassing(input)))

/**
 * Requests an URL, and gives the response whatever its status is. What is
 * likely to pass is tried four times.
 */
export const Fetch = Task.make("Fetch", {
  payload: {
    url: Schema.NonEmptyString.annotate({ description: "of http or https" }),
    method: withDefault(
      Schema.Literals(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]).annotate({
        description: "GET where absent"
      }),
      "GET"
    ),
    headers: withDefault(Schema.Record(Schema.String, Schema.String), {}),
    body: Schema.optionalKey(Schema.String.annotate({ description: "what to send, as text" })),
    as: withDefault(
      Schema.Literals(["text", "bytes"]).annotate({ description: "how to give the body; as text where absent" }),
      "text"
    ),
    maxBytes: withDefault(
      Size.annotate({ description: "the largest body that is taken; 16 MiB where absent" }),
      "16 MiB"
    ),
    timeout: withDefault(
      Time.annotate({ description: "how long an attempt may take, with the body; 30 seconds where absent" }),
      "30 seconds"
    )
  },
  success: Schema.Struct({
    status: Schema.Int,
    headers: Schema.Record(Schema.String, Schema.String).annotate({ description: "by names in lower case" }),
    text: Schema.optionalKey(Schema.String.annotate({ description: "the body, unless it was asked for as bytes" })),
    bytes: Schema.optionalKey(Schema.Uint8Array.annotate({ description: "the body, if it was asked for as bytes" }))
  }),
  error: Schema.Union([FetchInvalid, FetchRefused, HostUnknown, FetchTimedOut, FetchTooLarge, FetchBroken]),
  retry: {
    FetchInvalid: "fail",
    FetchRefused: soon,
    HostUnknown: soonIf(({ isTransient }: HostUnknown) => isTransient),
    FetchTimedOut: "fail",
    FetchTooLarge: "fail",
    FetchBroken: soonIf(({ isRepeatable }: FetchBroken) => isRepeatable)
  }
})
