/**
 * The commands that start and end servers and executors, with their flags. What
 * they do is imported when they are called.
 *
 * @since 0.1.0
 */
import { Option } from "effect"
import * as ByteSize from "effect/ByteSize"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { connect, positive } from "./Flags.ts"
import { executorOrders, late } from "./OperatorCommands.ts"

const loadServer = () => import("./server.ts")

const time = (name: string) => Flag.String(name).pipe(Flag.optional, Flag.withMetavar("DURATION"))

const start = Command.make("start", {
  foreground: Flag.Boolean("foreground").pipe(
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription("Be the server, rather than start one in the background; for systemd and containers")
  ),
  store: Flag.String("store").pipe(
    Flag.optional,
    Flag.withMetavar("memory|FILE"),
    Flag.withDescription("Where tasks are kept: a file, or memory alone; else CADRE_STORE, else in the data folder")
  ),
  listen: Flag.String("listen").pipe(
    Flag.atLeast(0),
    Flag.withMetavar("ADDRESS"),
    Flag.withDescription("Where to listen beside its socket, such as tls://0.0.0.0:7070; may be given several times")
  ),
  idle: time("idle").pipe(Flag.withDescription("How long it stays when nobody needs it, such as 10m, or never")),
  lease: time("lease").pipe(
    Flag.withDescription("How long an executor may be silent before what it runs is given to another")
  ),
  executorIdle: time("executor-idle").pipe(
    Flag.withDescription("How long an executor that it started stays when it has nothing to do")
  ),
  cores: positive("cores").pipe(
    Flag.optional,
    Flag.withDescription("How many threads all executors that it starts have together")
  )
}, ({ cores, executorIdle, foreground, idle, lease, listen, store }) => {
  const settings = {
    ...(Option.isSome(store) && { store: store.value }),
    ...(listen.length > 0 && { listen: listen.join(",") }),
    ...(Option.isSome(idle) && { idle: idle.value }),
    ...(Option.isSome(lease) && { lease: lease.value }),
    ...(Option.isSome(executorIdle) && { executorIdle: executorIdle.value }),
    ...(Option.isSome(cores) && { cores: String(cores.value) })
  }
  return late(loadServer, (server, output) => server.start({ foreground, settings, output }))
}).pipe(
  Command.withDescription("Starts the server of this machine, and waits until it is ready"),
  Command.withExamples([
    { command: "cadre server start", description: "In the background" },
    {
      command: "cadre server start --foreground --store memory --listen tcp://127.0.0.1:7070",
      description: "In a container"
    }
  ])
)

const stop = Command.make("stop", {
  now: Flag.Boolean("now").pipe(
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription("Do not wait for what runs")
  ),
  connect
}, (options) => late(loadServer, (server, output) => server.stop({ ...options, output }))).pipe(
  Command.withDescription("Ends the server when what runs has ended")
)

const drain = Command.make(
  "drain",
  { connect },
  (options) => late(loadServer, (server, output) => server.drain({ ...options, output }))
).pipe(Command.withDescription("Has the server take and hand out nothing more; what runs goes on"))

const status = Command.make(
  "status",
  { connect },
  (options) => late(() => import("./status.ts"), ({ status }, output) => status({ ...options, output }))
).pipe(Command.withDescription("Shows the server on one screen, as cadre status does"))

/** `cadre server`. */
export const server = Command.make("server").pipe(
  Command.withDescription("Starts and ends the server of this machine"),
  Command.withSubcommands([start, stop, drain, status])
)

const executorStart = Command.make("start", {
  library: Flag.String("library").pipe(
    Flag.withMetavar("MODULE"),
    Flag.withDescription("A file that exports a TaskModule, or \"standard\" for the library that ships with Cadre")
  ),
  connect,
  threads: positive("threads").pipe(Flag.optional, Flag.withDescription("How many worker threads; one for each core")),
  slots: positive("slots").pipe(Flag.optional, Flag.withDescription("How many tasks each runs at a time; one")),
  memory: Flag.String("memory").pipe(
    Flag.filterMap(ByteSize.fromString, (text) => `Expected a size such as 256MiB or "2 GB", got ${text}`),
    Flag.optional,
    Flag.withMetavar("SIZE"),
    Flag.withDescription("What each may use, such as 256MiB")
  ),
  labels: Flag.String("labels").pipe(
    Flag.atLeast(0),
    Flag.map((lists) =>
      lists.flatMap((list) => list.split(",").map((label) => label.trim()).filter((label) => label !== ""))
    ),
    Flag.withMetavar("LABEL,..."),
    Flag.withDescription("What tasks may ask for, such as gpu,eu")
  )
}, (options) => late(() => import("./executorStart.ts"), ({ start }) => start(options))).pipe(
  Command.withDescription(
    "Runs tasks of a module for a server, until it is told to end; it waits for a server that is not there yet"
  ),
  Command.withExamples([
    { command: "cadre executor start --library tasks.ts", description: "For the server of this machine" },
    {
      command: "cadre executor start --library tasks.ts --connect tls://tasks.example.org:7070 --labels gpu",
      description: "For another one"
    }
  ])
)

/** `cadre executor`. */
export const executor = Command.make("executor").pipe(
  Command.withDescription("Starts, lists and ends those who run tasks"),
  Command.withSubcommands([executorStart, ...executorOrders])
)
