/**
 * A server on one screen.
 *
 * @since 0.1.0
 */
import type { ServerView } from "../operate/View.ts"
import { executorData, executorList } from "./ExecutorText.ts"
import { bytesText, countText, durationText, plural } from "./Quantity.ts"
import { facts, plain } from "./Table.ts"
import { type LocalTime, withIso } from "./TimeText.ts"

const tasksText = ({ ended, failed, queued, refused, running }: ServerView): string =>
  [
    `${countText(queued)} queued`,
    `${countText(running)} running`,
    `${countText(ended)} ended${failed > 0 ? ` (${countText(failed)} of them badly)` : ""}`,
    ...(refused > 0 ? [`${countText(refused)} refused`] : [])
  ].join(", ")

const executorsText = ({ executors }: ServerView): string => {
  if (executors.length === 0) return "none"
  const slots = executors.reduce((sum, executor) => sum + executor.slots, 0)
  const busy = executors.reduce((sum, { running }) => sum + running, 0)
  return `${plural(executors.length, "executor")}, ${countText(busy)} of ${plural(slots, "slot")} busy`
}

/** Server, store, queue, executors and, only when something is wrong, alerts. */
export const serverText = (server: ServerView, local: LocalTime): string => {
  const { alerts, executors } = server
  const { header, text } = executorList(executors, local)
  return [
    facts([
      [
        "Server",
        `${server.version}, PID ${server.pid}, up ${durationText(Math.max(0, local.now - server.startedAt))}, ` +
        `start ${server.generation}, ${bytesText(server.memory)}${server.isDraining ? ", draining" : ""}`
      ],
      ["Address", server.addresses.join(", ") || undefined],
      ["Store", `${server.store}${server.isDurable ? "" : ": what it holds ends with the server"}`],
      ["Tasks", tasksText(server)],
      ["Clients", plural(server.submitters, "submitter")],
      ["Executors", executorsText(server)]
    ]),
    ...(executors.length === 0 ? [] : [`${header}\n${text}`]),
    ...(alerts.length === 0 ? [] : [alerts.map((alert) => `! ${alert.split("\n").map(plain).join("\n  ")}`).join("\n")])
  ].join("\n\n")
}

/** As JSON data. */
export const serverData = ({ executors, ...server }: ServerView) => ({
  ...withIso(server, ["startedAt"]),
  executors: executors.map(executorData)
})
