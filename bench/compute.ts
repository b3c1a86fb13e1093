/** Work for a processor and nothing else. Native code: what the engine makes of a loop of ours differs between runs. */
import { createHash } from "node:crypto"

const kibibyte = new Uint8Array(1_024)

/** Digests so many KiB: the same for the same number. */
export const compute = (rounds: number): number => {
  const hash = createHash("sha256")
  for (let round = 0; round < rounds; round++) hash.update(kibibyte)
  return hash.digest()[0] ?? 0
}
