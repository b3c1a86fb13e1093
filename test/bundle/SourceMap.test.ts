import { assert, it } from "@effect/vitest"
import { bounded } from "../../src/bundle/SourceMap.ts"

it("ends what is mapped where unmapped lines begin", () => {
  assert.strictEqual(bounded(";;AAAA;CACC;;;AAEA;"), ";;AAAA;CACC;A;;AAEA;A")
})

it("leaves alone what has no such end", () => {
  for (const mappings of ["", ";;;", "AAAA", ";AAAA,CAAC;CACC"]) assert.strictEqual(bounded(mappings), mappings)
})
