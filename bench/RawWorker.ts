/** A worker thread with nothing but its port: what there is to reach. */
import { parentPort } from "node:worker_threads"
import { compute } from "./compute.ts"

/** To compute so often, or to send back. */
export type Request =
  | { readonly times: number; readonly rounds: number }
  | { readonly bytes: Uint8Array<ArrayBuffer> }

parentPort?.on("message", (request: Request) => {
  if ("bytes" in request) return parentPort?.postMessage(request, [request.bytes.buffer])
  for (let time = 0; time < request.times; time++) compute(request.rounds)
  parentPort?.postMessage("done", [])
})
