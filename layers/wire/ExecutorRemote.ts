/**
 * An executor's port to a server elsewhere. It says by itself that the executor
 * lives, however busy that is.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { ExecutorPort } from "../../services/Server.ts"
import type { ExecutorSpec } from "../../src/dispatch/Event.ts"
import type { ExecutorCommand } from "../../src/protocol/ExecutorPort.ts"
import * as Rows from "../../src/protocol/session/ExecutorRows.ts"
import { ExecutorSession } from "../../src/protocol/session/ExecutorSession.ts"
import type { UpFrame } from "../../src/protocol/session/Frame.ts"
import type { SpecNames, SpecTable } from "../../src/protocol/session/Specs.ts"
import { TurnQueue } from "../../src/protocol/TurnQueue.ts"
import type { Blobs } from "./Blobs.ts"
import { ExecutorFreight } from "./ExecutorFreight.ts"
import type { Line, SessionFrame } from "./Line.ts"
import { Talk } from "./Talk.ts"
import type { TaskNames } from "./TaskNames.ts"

/** Bytes that one frame has, about. */
const frameSize = 512 * 1_024

/** One executor. */
export class ExecutorRemote extends Talk {
  readonly #session: ExecutorSession
  readonly #commands: TurnQueue<ExecutorCommand>
  readonly #names: TaskNames
  readonly #freight: ExecutorFreight
  #generation: number
  #incarnation: string
  protected as: Extract<Extract<UpFrame, { readonly _tag: "Open" }>["as"], { readonly _tag: "executor" }>
  readonly #stopBeating: () => void

  constructor(
    line: Line,
    secret: string,
    most: number,
    spec: ExecutorSpec,
    names: TaskNames,
    later: (run: () => void) => void,
    heartbeat: number,
    blobs: Blobs,
    run: (effect: Effect.Effect<void>) => void
  ) {
    super(line, secret, most)
    this.as = { _tag: "executor", spec: { ...spec, heartbeat: true } }
    this.#names = names
    this.#generation = line.info.generation
    this.#incarnation = line.info.incarnation
    this.#session = new ExecutorSession(this.#generation, spec.slots)
    this.#commands = new TurnQueue<ExecutorCommand>(later)
    this.#freight = new ExecutorFreight(
      blobs,
      run,
      (message) => {
        this.#command(this.#session.send(message))
        this.mark()
      },
      (command) => this.#commands.offer(command)
    )
    this.#stopBeating = line.timing.every(heartbeat, () => {
      // What could not be said then need not be said later.
      if (!line.isUp) return
      this.#session.send({ _tag: "beat" })
      this.mark()
    })
  }

  protected get link() {
    return this.#session.link
  }

  get port(): ExecutorPort {
    return {
      commands: this.#commands,
      send: (message) => this.#freight.say(message),
      idOf: this.#names.idOf
    }
  }

  /** Leaves; with a reason if it has died. */
  leave(reason: string | undefined): void {
    if (this.isOver) return
    // What has ended is told before.
    this.#freight.whenIdle(() => {
      this.#session.leave(reason)
      this.left()
    })
  }

  protected get isIdle(): boolean {
    return this.#session.held.length === 0
  }

  protected write(channel: number, ack: number, window: number, names: SpecNames): UpFrame | undefined {
    const run = this.link.next(frameSize, window)
    if (run === undefined) return undefined
    const messages = run.messages.map((word) => Rows.upRow(word, this.#names.toServerTime))
    return { _tag: "Executor", channel, first: run.first, ack, specs: names.take(), messages }
  }

  protected read(frame: SessionFrame, specs: SpecTable): "gap" | undefined {
    if (frame._tag !== "Executor") return "gap"
    specs.learn(frame.specs)
    const words = frame.messages.map((row) => Rows.downWord(row, specs))
    const fresh = this.link.receive({ first: frame.first, messages: words })
    if (fresh === "gap") return "gap"
    const { commands, hasLeft = false } = this.#session.hear(fresh)
    this.#command(commands)
    if (hasLeft) this.settled()
    return undefined
  }

  protected begun(isFirst: boolean): string | undefined {
    const { generation, incarnation, isDurable } = this.line.info
    const isForsaken = incarnation !== this.#incarnation && (!isDurable || generation <= this.#generation)
    this.#incarnation = incarnation
    this.#generation = generation
    // It says what it holds before it is given anything: its slots come after that.
    if (isFirst) this.as = { ...this.as, spec: { ...this.as.spec, slots: 0 } }
    else if (isForsaken) this.#command(this.#session.forsake(generation))
    else this.#session.restart(generation)
    return undefined
  }

  #command(commands: ReadonlyArray<ExecutorCommand>): void {
    if (commands.length === 0) return
    for (const command of commands) this.#freight.hear(command)
    this.#commands.flush()
  }

  protected over(): void {
    this.#stopBeating()
  }
}
