/**
 * What sockets alone can do: frames with a length before them go from one
 * process over a second to a third, and back. `relay.ts server|echo <socket>`.
 */
import { Effect } from "effect"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import process from "node:process"
import { folder, start } from "./Processes.ts"

/** Reads frames, each with its head; `none` is told when what came together is through. */
const frames = (socket: Socket, each: (frame: Buffer) => void, none: () => void = () => undefined): void => {
  let rest: Array<Buffer> = []
  let size = 0
  let wanted = 4
  socket.on("data", (chunk: Buffer) => {
    rest.push(chunk)
    size += chunk.length
    if (size < wanted) return
    let bytes: Buffer = rest.length === 1 ? chunk : Buffer.concat(rest)
    while (bytes.length >= 4) {
      const length = 4 + bytes.readUInt32BE(0)
      if (bytes.length < length) {
        wanted = length
        break
      }
      each(bytes.subarray(0, length))
      bytes = bytes.subarray(length)
    }
    if (bytes.length < 4) wanted = 4
    rest = bytes.length === 0 ? [] : [bytes]
    size = bytes.length
    none()
  })
}

/** Passes on what comes, all that came together in one write. */
const pass = (from: Socket, to: Socket): void => {
  let out: Array<Buffer> = []
  frames(from, (frame) => out.push(frame), () => {
    to.write(Buffer.concat(out))
    out = []
  })
}

const [role = "", path = ""] = process.argv.slice(2)
if (role === "server") {
  const sockets: Array<Socket> = []
  createServer((socket) => {
    sockets.push(socket)
    const [echo, client] = sockets
    if (echo === undefined || client === undefined) return
    pass(client, echo)
    pass(echo, client)
  }).listen(path, () => process.send?.("ready"))
} else if (role === "echo") {
  const socket = connect(path, () => process.send?.("ready"))
  pass(socket, socket)
}

/** What came of sending frames. */
export interface Relayed {
  /** Sends so many frames of that size with so many under way; how many came back in a second. */
  readonly rate: (count: number, bytes: number, inFlight: number) => Effect.Effect<number>
  /** Sends one at a time; the median in microseconds. */
  readonly latency: (count: number, bytes: number) => Effect.Effect<number>
}

/** Three processes and nothing but sockets between them. */
export const relayed = Effect.gen(function*() {
  const socketPath = join(yield* folder, "relay.sock")
  yield* start("relay.ts", ["server", socketPath])
  yield* start("relay.ts", ["echo", socketPath])
  const socket = yield* Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const socket: Socket = connect(socketPath, () => resume(Effect.succeed(socket)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )
  let heard: () => void = () => undefined
  frames(socket, () => heard())
  const frameOf = (bytes: number) => {
    const frame = Buffer.alloc(4 + bytes)
    frame.writeUInt32BE(bytes)
    return frame
  }
  const rate = (count: number, bytes: number, inFlight: number) =>
    Effect.callback<number>((resume) => {
      const frame = frameOf(bytes)
      const begun = performance.now()
      let sent = 0
      let back = 0
      let batch: Array<Buffer> = []
      const send = () => {
        sent++
        if (batch.push(frame) > 1) return
        setImmediate(() => {
          socket.write(Buffer.concat(batch))
          batch = []
        })
      }
      heard = () => {
        if (++back === count) resume(Effect.succeed(count / ((performance.now() - begun) / 1_000)))
        else if (sent < count) send()
      }
      for (let at = 0; at < Math.min(inFlight, count); at++) send()
    })
  const latency = (count: number, bytes: number) =>
    Effect.callback<number>((resume) => {
      const frame = frameOf(bytes)
      const times: Array<number> = []
      let begun = performance.now()
      heard = () => {
        times.push((performance.now() - begun) * 1_000)
        if (times.length === count) return resume(Effect.succeed(times.toSorted((a, b) => a - b)[count >> 1] ?? 0))
        begun = performance.now()
        socket.write(frame)
      }
      socket.write(frame)
    })
  const all: Relayed = { rate, latency }
  return all
})
