/** A server, executors and submitters as processes, with what they write down. */
import { Effect, Schedule } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as ServerRemote from "../../layers/wire/ServerRemote.ts"
import type { Operator } from "../../services/Operator.ts"
import type { ExecutorSetting } from "../../src/host/ExecutorSetting.ts"
import { Household, type Running, until } from "../host/Household.ts"
import { type Execution, Tail, type Word } from "./Ledger.ts"
import type { Errand } from "./submitter.ts"
import { type Book, violationsOf } from "./Verdict.ts"

/** A submitter's process with its book. */
export interface Client {
  readonly name: string
  readonly running: Running
  readonly book: Tail<Word>
}

/** Milliseconds between a kill and the server being there again. */
export interface Restart {
  readonly killedAt: number
  readonly readyAt: number
}

/** All of it in one folder. */
export class Ground {
  readonly house: Household
  readonly ledger: Tail<Execution>
  readonly ledgerPath: string
  readonly store: string
  readonly clients: Array<Client> = []
  readonly restarts: Array<Restart> = []
  #server: Running | undefined

  private constructor(house: Household) {
    this.house = house
    this.ledgerPath = join(house.folder, "ledger.ndjson")
    this.ledger = new Tail(this.ledgerPath)
    this.store = join(house.folder, "data/tasks.db")
  }

  static readonly make = async (): Promise<Ground> => new Ground(await Household.make())

  get server(): Running {
    if (this.#server === undefined) throw new Error("There is no server yet")
    return this.#server
  }

  /** A server on the store of this ground, once it can be reached; by another entry than the one that ships, if that is named. */
  readonly serve = async (variables: Readonly<Record<string, string>> = {}, entry = "server"): Promise<Running> => {
    const words = [fileURLToPath(this.house.entries[entry] ?? ""), "--foreground"]
    const server = this.#server = this.house.spawn(words, { CADRE_STORE: this.store, ...variables })
    await server.printed("The server is ready")
    return server
  }

  /** Kills it, whatever it does. */
  readonly kill = async (): Promise<void> => {
    this.server.child.kill("SIGKILL")
    await this.server.ended
  }

  /** Kills it, and starts it again at once. */
  readonly restart = async (variables: Readonly<Record<string, string>> = {}): Promise<Restart> => {
    const killedAt = Date.now()
    await this.kill()
    await this.serve(variables)
    const restart = { killedAt, readyAt: Date.now() }
    this.restarts.push(restart)
    return restart
  }

  /** A process with one executor, once that serves. */
  readonly executor = async (setting: Partial<ExecutorSetting> = {}): Promise<Running> => {
    const running = this.house.executor({ module: this.house.entries["ledgered"] ?? "", slots: 16, ...setting })
    await running.printed("Serving as")
    return running
  }

  /** A submitter; its tasks take 10 ms each where nothing else is said. */
  readonly submit = (errand: Pick<Errand, "name" | "from" | "count"> & Partial<Errand>): Client => {
    const { name } = errand
    const path = join(this.house.folder, `${name}.ndjson`)
    const whole: Errand = {
      address: this.house.address,
      book: path,
      ledger: this.ledgerPath,
      task: "Note",
      batch: 50,
      concurrency: 4,
      millis: 10,
      ...errand
    }
    const running = this.house.spawn([fileURLToPath(this.house.entries["submitter"] ?? ""), JSON.stringify(whole)])
    const client = { name, running, book: new Tail<Word>(path) }
    this.clients.push(client)
    return client
  }

  /** How many executions have ended so far. */
  get ended(): number {
    return this.ledger.read().reduce((sum, { what }) => what === "ended" ? sum + 1 : sum, 0)
  }

  /** Waits until so many executions have ended. */
  readonly progressed = (count: number): Promise<void> => until(() => this.ended >= count)

  /** Waits for the end of a submitter that has heard of all its tasks. */
  readonly finished = async ({ book, name, running }: Client): Promise<void> => {
    const { code, text } = await running.ended
    if (code === 0) return
    const failed = book.read().find(({ _tag }) => _tag === "Failed")
    throw new Error(`${name} ended with ${code}: ${JSON.stringify(failed)}\n${text}`)
  }

  /** Asks the server as its operator. */
  readonly ask = <A, E>(use: (operator: Operator["Service"]) => Effect.Effect<A, E>): Promise<A> =>
    ServerRemote.connect({ address: this.house.address, roles: ["operator"] }).pipe(
      // It may be about to have room for one more.
      Effect.retry({ while: ({ _tag }) => _tag === "Unreachable", schedule: Schedule.spaced("50 millis") }),
      Effect.flatMap(({ operator }) => use(operator)),
      Effect.scoped,
      Effect.runPromise
    )

  /** How many tasks wait. */
  readonly queued = (): Promise<number> => this.ask(({ status }) => Effect.map(status, ({ queued }) => queued))

  /** Waits until nothing waits and nothing runs. */
  readonly settled = (): Promise<void> =>
    this.ask(({ status }) =>
      status.pipe(
        Effect.repeat({
          until: ({ queued, running }) => queued + running === 0,
          schedule: Schedule.spaced("20 millis")
        }),
        Effect.asVoid
      )
    )

  /** What submitters wrote. */
  get books(): ReadonlyArray<Book> {
    return this.clients.map(({ book, name }) => ({ name, words: book.read() }))
  }

  /** What must not have happened, once all submitters have ended. Kills the server. */
  readonly judge = async (): Promise<ReadonlyArray<string>> => {
    for (const client of this.clients) await this.finished(client)
    await this.kill()
    return violationsOf(this.store, this.books, this.ledger.read())
  }

  readonly end = (): Promise<void> => this.house.end()
}
