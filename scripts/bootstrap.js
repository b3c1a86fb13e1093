// Installs what is missing before a script runs. Plain JavaScript: the Node that runs it may be older than the project's.
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import process from "node:process"

const at = (path) => new URL(`../${path}`, import.meta.url)
const stamp = at("node_modules/.cadre-installed")

const read = (file) => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

const wanted = () => {
  const { dependencies, devDependencies } = JSON.parse(read(at("package.json")))
  return JSON.stringify([process.platform, process.arch, dependencies, devDependencies]) + read(at("package-lock.json"))
}

const install = () => {
  process.stderr.write("Installing dependencies (once, about a minute)...\n")
  // `npm install` also works where `npm ci` misses packages for other platforms; `--no-save` keeps the lock file as it is.
  const { error, status, stdout, stderr } = spawnSync("npm install --no-save --no-audit --no-fund --loglevel=error", {
    cwd: at("."),
    encoding: "utf8",
    shell: true
  })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}${error ? `${error.message}\n` : ""}`)
  process.stderr.write("Could not install the dependencies: see above, then run `npm install`.\n")
  process.exit(status || 1)
}

// `prepare` passes --installed: it ends every install, whoever started it.
if (process.argv.includes("--installed")) writeFileSync(stamp, wanted())
else if (read(stamp) !== wanted()) install()
