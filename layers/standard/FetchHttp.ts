/**
 * Requests through Effect's HTTP client.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Predicate, Stream } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse
} from "effect/http"
import {
  type Fetch,
  FetchBroken,
  FetchInvalid,
  FetchRefused,
  FetchTimedOut,
  FetchTooLarge,
  HostUnknown
} from "../../services/standard/Fetch.ts"
import { bytesOfSize, durationOfTime } from "../../services/standard/Quantity.ts"
import type { TaskDefinition } from "../../src/task/TaskDefinition.ts"

type Payload = TaskDefinition.Payload<typeof Fetch>

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])

const invalid = ({ url }: Payload, reason: string) => Effect.fail(new FetchInvalid({ url, reason }))

const request = (payload: Payload): Effect.Effect<HttpClientRequest.HttpClientRequest, FetchInvalid> => {
  const { body, headers, method, url } = payload
  const parsed = URL.parse(url)
  if (parsed === null) return invalid(payload, "it is no URL: write it whole, as in https://example.com/path")
  if (!/^https?:$/.test(parsed.protocol)) return invalid(payload, `its scheme is ${parsed.protocol} and not http(s)`)
  if (parsed.username !== "" || parsed.password !== "") {
    return invalid(payload, "it holds a user's name or password: send them in the header authorization")
  }
  if (body !== undefined && (method === "GET" || method === "HEAD")) return invalid(payload, `${method} has no body`)
  try {
    // A name or a value that cannot be a header throws here rather than on the way.
    void new Headers(headers)
  } catch (error) {
    return invalid(payload, error instanceof Error ? error.message : String(error))
  }
  const bare = HttpClientRequest.make(method)(parsed)
  const filled = body === undefined ? bare : HttpClientRequest.bodyText(bare, body)
  return Effect.succeed(HttpClientRequest.setHeaders(filled, headers))
}

/** The innermost error that says with a `code` what happened. */
const origin = (error: unknown): { readonly code: string; readonly message: string } => {
  let code = ""
  let message = "for an unknown reason"
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.message !== "") message = at.message
    if (Predicate.hasProperty(at, "code") && typeof at.code === "string") code = at.code
  }
  return { code, message: message || code }
}

const refusals = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"])

/** That the connection broke, and may not do so the next time. */
const breaks = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET"])

/** What went wrong on the way, in words of the task. */
const transportError = ({ method, url }: Payload, { reason }: HttpClientError.HttpClientError) => {
  const { code, message } = origin(Predicate.hasProperty(reason, "cause") ? reason.cause : undefined)
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new HostUnknown({ url, host: new URL(url).hostname, isTransient: code === "EAI_AGAIN" })
  }
  if (refusals.has(code)) return new FetchRefused({ url, reason: message || code })
  // There are ports that no browser, and so no fetch, would ever connect to.
  if (message === "bad port") return new FetchInvalid({ url, reason: "its port is reserved for another protocol" })
  return new FetchBroken({ url, reason: message || code, isRepeatable: breaks.has(code) && safeMethods.has(method) })
}

/** The client takes a response without a body for an error. */
const isBodyless = (error: HttpClientError.HttpClientError | FetchTooLarge): boolean =>
  error._tag === "HttpClientError" && error.reason._tag === "EmptyBodyError"

const readBody = Effect.fnUntraced(
  function*({ maxBytes, url }: Payload, response: HttpClientResponse.HttpClientResponse) {
    const limit = bytesOfSize(maxBytes)
    const pieces: Array<Uint8Array> = []
    let size = 0
    const reading = Stream.runForEach(response.stream, (piece) => {
      size += piece.length
      pieces.push(piece)
      return size > limit ? Effect.fail(new FetchTooLarge({ url, maxBytes: limit })) : Effect.void
    })
    yield* Effect.catchIf(reading, isBodyless, () => Effect.void)
    return new Uint8Array(Buffer.concat(pieces, size))
  }
)

const decoderOf = (contentType: string | undefined): TextDecoder => {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType ?? "")?.[1]
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

/** Sends a request, and reads the whole response. */
export const fetch = Effect.fnUntraced(function*(
  payload: Payload
): Effect.fn.Return<TaskDefinition.Success<typeof Fetch>, TaskDefinition.Error<typeof Fetch>> {
  const { as, timeout, url } = payload
  const toSend = yield* request(payload)
  const after = durationOfTime(timeout)
  return yield* Effect.gen(function*() {
    const response = yield* HttpClient.execute(toSend)
    const { headers, status } = response
    const bytes = yield* readBody(payload, response)
    const head = { status, headers: { ...headers } }
    return as === "bytes" ? { ...head, bytes } : { ...head, text: decoderOf(headers["content-type"]).decode(bytes) }
  }).pipe(
    Effect.provide(FetchHttpClient.layer),
    Effect.catchTag("HttpClientError", (error) => Effect.fail(transportError(payload, error))),
    Effect.timeoutOrElse({
      duration: after,
      orElse: () => Effect.fail(new FetchTimedOut({ url, after: Duration.toMillis(after) }))
    })
  )
})
