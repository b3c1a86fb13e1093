import { Context, Effect, Layer } from "effect"

/** Where handlers say what they do, and wait for what the test does. A layer that runs them elsewhere brings its own. */
export class Stage extends Context.Service<Stage, {
  readonly mark: (what: string) => Effect.Effect<void>
  readonly marks: Effect.Effect<ReadonlyArray<string>>
  /** Waits until it was said so many times. */
  readonly until: (what: string, times?: number) => Effect.Effect<void>
  /** Lets everybody do what they can. */
  readonly settle: Effect.Effect<void>
}>()("cadre/test/suites/Stage") {
  static readonly make = (settle: Effect.Effect<void> = Effect.repeat(Effect.yieldNow, { times: 50 })) => {
    const marks: Array<string> = []
    let checks: Array<() => void> = []
    const count = (what: string) => marks.reduce((sum, mark) => mark === what ? sum + 1 : sum, 0)
    return Stage.of({
      mark: (what) =>
        Effect.sync(() => {
          marks.push(what)
          const current = checks
          checks = []
          for (const check of current) check()
        }),
      marks: Effect.sync(() => [...marks]),
      until: (what, times = 1) =>
        Effect.callback((resume) => {
          const check = (): void => {
            if (count(what) >= times) resume(Effect.void)
            else checks.push(check)
          }
          check()
          // Not within the handler whose word it waited for.
        }).pipe(Effect.andThen(Effect.yieldNow)),
      settle
    })
  }

  static readonly layer = Layer.sync(Stage, () => Stage.make())
}

export const mark = (what: string) => Effect.flatMap(Stage, (stage) => stage.mark(what))
export const until = (what: string, times?: number) => Effect.flatMap(Stage, (stage) => stage.until(what, times))
export const marks = Effect.flatMap(Stage, (stage) => stage.marks)
export const settle = Effect.flatMap(Stage, (stage) => stage.settle)
