/**
 * The terminal, for tasks that read and write lines there. Only the foreground
 * executor provides it.
 *
 * - **whole** – concurrent readers each get whole lines, in the order in which they asked
 * - **kept** – a line that an interrupted reader would have got goes to the next
 * - **ended** – at the end of input every read ends, with nothing
 * - **free** – a pending read holds up neither output nor anything else
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Option } from "effect"
import type { PlatformError } from "effect/PlatformError"

/** Reads lines, and writes text. */
export class Foreground extends Context.Service<Foreground, {
  /** The next line, without its end; none at the end of input. */
  readonly readLine: Effect.Effect<Option.Option<string>, PlatformError>
  readonly print: (text: string) => Effect.Effect<void, PlatformError>
  /** Prints the text as soon as it is this reader's turn, and reads a line. */
  readonly prompt: (text: string) => Effect.Effect<Option.Option<string>, PlatformError>
}>()("cadre/services/Foreground") {}
