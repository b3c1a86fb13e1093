/**
 * The first line of a connection, and the line that answers it. Both are JSON.
 * Whoever is not let in hears the same whatever was wrong, but for a version
 * that differs.
 *
 * @since 0.1.0
 */
import { Exit, Schema } from "effect"
import { InfoRow, version } from "./session/Frame.ts"

/** How what follows the first line is written. */
export const WireEncoding = Schema.Literals(["binary", "ndjson"])
export type WireEncoding = typeof WireEncoding.Type

/** What a peer says first: how it speaks, what it wants to be, and what it has to show for it. */
export const Greeting = Schema.Struct({
  cadre: Schema.Literal(version),
  encoding: WireEncoding,
  roles: Schema.Array(Schema.String),
  token: Schema.optionalKey(Schema.String),
  name: Schema.optionalKey(Schema.String)
})
export type Greeting = typeof Greeting.Type

/** What a peer hears that is let in. */
const Welcome = Schema.TaggedStruct("Welcome", { cadre: Schema.Literal(version), info: InfoRow })
const OtherVersion = Schema.TaggedStruct("OtherVersion", { cadre: Schema.Int, message: Schema.String })
const Refused = Schema.TaggedStruct("Refused", {})

/** The answer. */
export const Answer = Schema.Union([Welcome, OtherVersion, Refused])
export type Answer = typeof Answer.Type

/** The longest first line, in bytes. */
export const longest = 4_096

const WelcomeJson = Schema.toCodecJson(Answer)
const encodeAnswer = Schema.encodeUnknownSync(WelcomeJson)
const decodeAnswer = Schema.decodeUnknownExit(WelcomeJson)
const decodeGreeting = Schema.decodeUnknownExit(Greeting)

/** The line of an answer. */
export const answerLine = (answer: Answer): string => `${JSON.stringify(encodeAnswer(answer))}\n`

/** What everybody hears who is not let in. */
export const refusal = answerLine({ _tag: "Refused" })

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** What a first line says; undefined if it is none. */
export const readGreeting = (
  line: string
): Greeting | Extract<Answer, { readonly _tag: "OtherVersion" }> | undefined => {
  const value = parsed(line)
  if (typeof value !== "object" || value === null || !("cadre" in value)) return undefined
  const { cadre } = value
  if (typeof cadre === "number" && Number.isSafeInteger(cadre) && cadre !== version) {
    return {
      _tag: "OtherVersion",
      cadre: version,
      message: `The server speaks version ${version} of the protocol, and its peer version ${cadre}: ` +
        "install the same version of cadre on both sides"
    }
  }
  const exit = decodeGreeting(value)
  return Exit.isSuccess(exit) ? exit.value : undefined
}

/** What the answer says; undefined if it is none. */
export const readAnswer = (line: string): Answer | undefined => {
  const exit = decodeAnswer(parsed(line))
  return Exit.isSuccess(exit) ? exit.value : undefined
}
