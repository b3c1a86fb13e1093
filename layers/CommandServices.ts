/**
 * What commands of `cadre` find. The terminal and child processes are loaded
 * when they are first used: a command that only prints does without them.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeStdio from "@effect/platform-node/NodeStdio"
import { Effect, Layer, Terminal } from "effect"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import process from "node:process"
import type { ProgramServices } from "../services/Program.ts"

/** Prompts of the command line are not used by any command. */
const unused = Effect.die(new Error("No command reads keys"))

const terminal = Layer.succeed(
  Terminal.Terminal,
  Terminal.make({
    columns: Effect.sync(() => process.stdout.columns ?? 80),
    rows: Effect.sync(() => process.stdout.rows ?? 24),
    size: unused,
    readInput: unused,
    readLine: unused,
    display: (text) => Effect.sync(() => process.stdout.write(text))
  })
)

const spawner = Layer.succeed(
  ChildProcessSpawner.ChildProcessSpawner,
  ChildProcessSpawner.make(() => Effect.die(new Error("No command starts processes")))
)

/** All of it. */
export const layer: Layer.Layer<ProgramServices> = Layer.mergeAll(
  NodeFileSystem.layer,
  NodePath.layer,
  NodeStdio.layer,
  terminal,
  spawner
)
