#!/usr/bin/env node
// The executable. Plain JavaScript that any Node can read: one that is too old is told so.
import { existsSync } from "node:fs"
import process from "node:process"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
const condition = "--conditions=cadre-source"

/** In a checkout the sources run; they find `cadre` itself by this condition, which Node takes only when it starts. */
const isStartedForSources = () =>
  process.execArgv.includes(condition) || (process.env.NODE_OPTIONS ?? "").includes(condition)

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`cadre needs Node 22.19 or later, and this is ${process.version} (${process.execPath}).\n`)
  process.exitCode = 2
} else {
  const source = new URL("../src/main/cli.ts", import.meta.url)
  if (!existsSync(source)) {
    const { run } = await import("../dist/src/main/cli.js")
    await run(process.argv.slice(2))
  } else if (isStartedForSources()) {
    const { run } = await import(source.href)
    await run(process.argv.slice(2))
  } else {
    const words = [...process.execArgv, condition, ...process.argv.slice(1)]
    if (process.execve === undefined) {
      const { spawnSync } = await import("node:child_process")
      process.exitCode = spawnSync(process.execPath, words, { stdio: "inherit" }).status ?? 1
    } else {
      process.execve(process.execPath, [process.execPath, ...words], process.env)
    }
  }
}
