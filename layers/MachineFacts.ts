/**
 * Looks at the machine that it runs on, for `cadre doctor`: it tries what
 * Cadre will do, and leaves nothing behind.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { constants } from "node:fs"
import { access, chmod, glob, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { connect, createServer, type ListenOptions } from "node:net"
import { availableParallelism, cpus, freemem, homedir, tmpdir, totalmem, userInfo } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"
import { Worker } from "node:worker_threads"
import type { Facts, Trial } from "../src/cli/Diagnosis.ts"
import { capabilities } from "./supervisor/SupervisorNode.ts"

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "")

/** Runs it for at most so many milliseconds, and says why it did not work. */
const trial = async (run: () => Promise<unknown>, patience = 5_000): Promise<Trial> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience / 1_000} s`)), patience)
  })
  try {
    await Promise.race([run(), late])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}

/** Starts a thread, and waits for how it ends. */
const thread = (source: string, megabytes: number): Promise<unknown> => {
  const worker = new Worker(source, { eval: true, resourceLimits: { maxOldGenerationSizeMb: megabytes }, stderr: true })
  return new Promise((resolve, reject) => {
    worker.once("error", reject).once("exit", resolve)
  }).finally(() => worker.terminate())
}

const greedy = "const all = []; for (;;) all.push(new Array(1e4).fill(all.length))"

const threadMemory = async (): Promise<Trial> => {
  const ended = await trial(() => thread(greedy, 8), 10_000)
  return ended?.includes("memory limit") === true ? undefined : ended ?? "it went on"
}

/** A server that answers at an address, and one who calls it. */
const listening = (address: ListenOptions & { readonly path?: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end())
    server.once("error", reject)
    server.listen(address, () => {
      const bound = server.address()
      const caller = typeof bound === "object" && bound !== null
        ? connect(bound.port, "127.0.0.1")
        : connect(address.path ?? "")
      caller.once("error", reject).resume().once("close", () => server.close(() => resolve()))
    })
  })

const cgroup = async (): Promise<Facts["cgroup"]> => {
  const lines = (await textOf("/proc/self/cgroup")).split("\n")
  const unified = lines.find((line) => line.startsWith("0::"))
  const isV2 = (await textOf("/sys/fs/cgroup/cgroup.controllers")) !== ""
  if (!isV2 && lines.every((line) => line === "")) {
    return { version: undefined, path: "", controllers: [], isWritable: false }
  }
  const own = isV2 ? unified?.slice(3) ?? "/" : lines.find((line) => line.includes(":memory:"))?.split(":")[2] ?? "/"
  const mount = isV2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
  // In a container the path is often that of the host, and its own group is the root that it sees.
  const seen = (await stat(join(mount, own)).catch(() => undefined)) === undefined ? mount : join(mount, own)
  const controllers = isV2
    ? (await textOf(join(seen, "cgroup.controllers"))).trim().split(" ")
    : lines.flatMap((line) => line.split(":")[1]?.split(",") ?? [])
  const isWritable = await access(seen, constants.W_OK)
    .then(() => access(join(seen, "cgroup.procs"), constants.W_OK))
    .then(() => true, () => false)
  return { version: isV2 ? 2 : 1, path: seen, controllers: controllers.filter((name) => name !== ""), isWritable }
}

/** How many cores the control group grants. */
const granted = async (path: string): Promise<number | undefined> => {
  const [quota, period] = (await textOf(join(path, "cpu.max"))).trim().split(" ")
  if (quota !== undefined && quota !== "" && quota !== "max") return Number(quota) / Number(period)
  const old = Number(await textOf("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"))
  return old > 0 ? old / Number(await textOf("/sys/fs/cgroup/cpu/cpu.cfs_period_us")) : undefined
}

const limits = async (): Promise<Facts["limits"]> => {
  const text = await textOf("/proc/self/limits")
  const soft = (name: string): number | undefined => {
    const found = new RegExp(`^${name}\\s+(\\S+)`, "m").exec(text)?.[1]
    return found === undefined ? undefined : found === "unlimited" ? Infinity : Number(found)
  }
  return { files: soft("Max open files"), processes: soft("Max processes") }
}

/** Whether a folder can be made in it that nobody else can read. */
const privately = (parent: string): Promise<Trial> =>
  trial(async () => {
    await mkdir(parent, { recursive: true, mode: 0o700 })
    const folder = await mkdtemp(join(parent, "doctor-"))
    try {
      await chmod(folder, 0o700)
      await writeFile(join(folder, "file"), "")
      const { mode } = await stat(folder)
      if ((mode & 0o077) !== 0) throw new Error("others can read what is put there")
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

const runtime = async (): Promise<Facts["runtime"]> => {
  const named = process.env["XDG_RUNTIME_DIR"]
  const isNamed = named !== undefined && named !== ""
  const folder = isNamed ? named : join(tmpdir(), `cadre-${userInfo().uid}`)
  const info = await stat(folder).catch(() => undefined)
  if (isNamed && info === undefined) return { folder, isNamed, trial: "there is no such folder" }
  if (info !== undefined && info.uid !== userInfo().uid) {
    return { folder, isNamed, trial: "it belongs to somebody else" }
  }
  if (info !== undefined && (info.mode & 0o077) !== 0) {
    return { folder, isNamed, trial: `others can reach it (mode ${(info.mode & 0o777).toString(8)})` }
  }
  const found = await privately(folder)
  if (!isNamed && info === undefined) await rm(folder, { recursive: true, force: true })
  return { folder, isNamed, trial: found }
}

const socketTrial = async (): Promise<Trial> => {
  const folder = await mkdtemp(join(tmpdir(), "cadre-doctor-"))
  const found = await trial(() => listening({ path: join(folder, "s.sock") }))
  await rm(folder, { recursive: true, force: true })
  return found
}

const versionIn = async (folder: string): Promise<string> => {
  const manifest: unknown = JSON.parse(await textOf(join(folder, "package.json")) || "{}")
  // Of a package.
  return (manifest as { readonly version?: string }).version ?? ""
}

/** The copies of `effect` that modules of a folder, and the packages installed for it, would import. */
const effects = async (start: string): Promise<Facts["effects"]> => {
  const found: Array<{ folder: string; version: string }> = []
  let folder = start
  for (;;) {
    const modules = join(folder, "node_modules")
    const nearest = await versionIn(join(modules, "effect"))
    if (nearest !== "") {
      found.push({ folder: join(modules, "effect"), version: nearest })
      for await (const nested of glob(["*/node_modules/effect", "@*/*/node_modules/effect"], { cwd: modules })) {
        found.push({ folder: join(modules, nested), version: await versionIn(join(modules, nested)) })
      }
      return found
    }
    if (dirname(folder) === folder) return found
    folder = dirname(folder)
  }
}

/** Where caches of this user go. */
const cacheFolder = (): string => {
  const named = process.env["XDG_CACHE_HOME"]
  if (named !== undefined && named !== "") return join(named, "cadre")
  return process.platform === "darwin" ? join(homedir(), "Library/Caches/cadre") : join(homedir(), ".cache/cadre")
}

/** Looks at everything. `load` loads the bundler; `wantedEffect` is the version that Cadre is tested with. */
export const facts = (wantedEffect: string, load: () => Promise<unknown>): Effect.Effect<Facts> =>
  Effect.promise(async () => {
    const group = await cgroup()
    const runtimeFolder = await runtime()
    const constrained = process.constrainedMemory()
    const memoryMost = constrained > 0 && constrained < totalmem() ? constrained : undefined
    return {
      node: process.version,
      platform: process.platform,
      cores: { machine: cpus().length, usable: availableParallelism(), granted: await granted(group.path) },
      memory: {
        machine: totalmem(),
        free: memoryMost === undefined ? Math.max(freemem(), process.availableMemory()) : process.availableMemory(),
        granted: memoryMost
      },
      threads: await trial(() => thread("", 32)),
      threadMemory: await threadMemory(),
      cgroup: group,
      children: capabilities(),
      limits: await limits(),
      cache: { folder: cacheFolder(), trial: await privately(cacheFolder()) },
      runtime: runtimeFolder,
      socket: { path: join(runtimeFolder.folder, "cadre", "server.sock"), trial: await socketTrial() },
      loopback: await trial(() => listening({ port: 0, host: "127.0.0.1" })),
      terminal: {
        isInput: process.stdin.isTTY === true,
        isOutput: process.stdout.isTTY === true,
        colors: process.stdout.isTTY ? 2 ** process.stdout.getColorDepth() : 1
      },
      effects: await effects(process.cwd()),
      wantedEffect,
      bundler: await trial(load, 20_000)
    }
  })
