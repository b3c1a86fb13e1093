/**
 * A disk for tests and simulations: it outlives the store on it, and fails when
 * it is told to.
 *
 * @since 0.1.0
 */
import type { Commit, Committed, Retention } from "../../src/store/Stored.ts"
import { MemoryContents } from "./MemoryContents.ts"
import { openMemory } from "./MemoryVolume.ts"
import type { Volume } from "./Volume.ts"

/** How a commit goes wrong: it is there and nobody is told; it is not there and nobody is told. */
export type Fault = "kept" | "lost"

type Step =
  | { readonly _tag: "Opened"; readonly incarnation: string }
  | { readonly _tag: "Committed"; readonly commit: Commit }
  | { readonly _tag: "Swept"; readonly retention: Retention; readonly now: number }

/** What was done to it is done again to find out what is on it. */
export class Disk {
  readonly path: string
  readonly #steps: Array<Step> = []
  readonly #faults = new Map<number, Fault>()
  #commits = 0
  #holder: { readonly owner: string } | undefined

  constructor(path = "memory") {
    this.path = path
  }

  /** So many commits were asked for, whatever became of them. */
  get commits(): number {
    return this.#commits
  }

  /** The commit of that number, counted from 0, goes wrong so; nothing is kept after it until it is opened again. */
  fail(number: number, fault: Fault): void {
    this.#faults.set(number, fault)
  }

  /** Who has it. */
  get owner(): string | undefined {
    return this.#holder?.owner
  }

  /** It is that server's from now on, until it lets it go. */
  hold(owner: string): () => void {
    const holder = this.#holder = { owner }
    return () => {
      if (this.#holder === holder) this.crash()
    }
  }

  /** Whoever has it dies. */
  crash(): void {
    this.#holder = undefined
  }

  /** The power fails before the last commit is really there. It must be opened again after that. */
  loseLast(): void {
    const last = this.#steps.findLastIndex(({ _tag }) => _tag === "Committed")
    if (last >= 0) this.#steps.splice(last, 1)
    this.crash()
  }

  /** What a store on it sees. */
  open(incarnation: string): Volume {
    const contents = new MemoryContents()
    let volume: Volume | undefined
    for (const step of this.#steps) {
      if (step._tag === "Opened") volume = openMemory(contents, this.path, step.incarnation)
      else if (step._tag === "Committed") volume?.commit(step.commit)
      else volume?.sweep(step.retention, step.now)
    }
    const opened = openMemory(contents, this.path, incarnation)
    this.#steps.push({ _tag: "Opened", incarnation })
    const generation = this.#generation()
    const isCurrent = () => generation === this.#generation()
    return {
      ...opened,
      commit: (commit) => isCurrent() ? this.#commit(opened, commit) : "refused",
      sweep: (retention, now) => {
        if (!isCurrent()) return false
        this.#steps.push({ _tag: "Swept", retention, now })
        return opened.sweep(retention, now)
      }
    }
  }

  #generation(): number {
    return this.#steps.filter(({ _tag }) => _tag === "Opened").length
  }

  #commit(opened: Volume, commit: Commit): Committed {
    const fault = this.#faults.get(this.#commits++)
    if (fault === "lost") throw new Error("the disk does not answer")
    const committed = opened.commit(commit)
    if (committed === "committed") this.#steps.push({ _tag: "Committed", commit })
    if (fault === "kept") throw new Error("the disk does not answer")
    return committed
  }
}
