import { assert, describe, it } from "@effect/vitest"
import { BundleFailed, problemOf, problemOfCopies, type Report } from "../../src/bundle/BundleFailed.ts"

const said = (report: Report): string => new BundleFailed({ problems: [problemOf(report)] }).message
const at = { id: "/p/a.ts", loc: { line: 3, column: 5 } }

describe("a failure says where it is and what to do", () => {
  const cases: ReadonlyArray<readonly [name: string, report: Report, message: string]> = [
    [
      "a relative import",
      { ...at, code: "UNRESOLVED_IMPORT", exporter: "./b", message: "" },
      "/p/a.ts:3:6: There is no ./b. Name the file as it is, with its ending, such as \"./tasks.ts\""
    ],
    [
      "a package",
      { ...at, code: "UNRESOLVED_IMPORT", exporter: "lodash/fp", message: "" },
      "/p/a.ts:3:6: The package of lodash/fp is not installed, or does not export it. " +
      "Install it with npm install, in the project of this file"
    ],
    [
      "an import of its own package",
      { ...at, code: "UNRESOLVED_IMPORT", exporter: "#lib/a", message: "" },
      "/p/a.ts:3:6: #lib/a is not found. Its package.json maps it under \"imports\""
    ],
    [
      "a syntax error, without its colours and its drawing",
      { ...at, code: "PARSE_ERROR", message: "\u001B[31m[PARSE_ERROR] \u001B[0mUnexpected token.\n   ╭─[ a.ts:3:6 ]" },
      "/p/a.ts:3:6: It cannot be parsed: Unexpected token. Mend the syntax there"
    ],
    [
      "an export that is not there",
      { ...at, code: "MISSING_EXPORT", message: "\"x\" is not exported by \"b.ts\"." },
      "/p/a.ts:3:6: \"x\" is not exported by \"b.ts\". Export it there; what is only a type is imported with `import type`"
    ],
    [
      "anything else",
      { message: "Error: out of luck\n    at somewhere" },
      "Error: out of luck. To run it as it is, leave bundling out with --no-bundle"
    ]
  ]
  it.each(cases)("%s", (_, report, message) => {
    assert.strictEqual(said(report), message)
  })

  it("each problem in its own line", () => {
    const problems = [{ what: "One", mend: "Mend it" }, { file: "/p/a.ts", what: "Two", mend: "Mend it" }]
    assert.strictEqual(new BundleFailed({ problems }).message, "One. Mend it\n/p/a.ts: Two. Mend it")
  })

  it("two copies of what there must be one of", () => {
    const problem = problemOfCopies({
      name: "effect",
      copies: [{ folder: "/a", version: "4.0.0" }, { folder: "/b", version: "4.1.0" }]
    })
    assert.strictEqual(
      new BundleFailed({ problems: [problem] }).message,
      "There are 2 copies of effect: 4.0.0 in /a and 4.1.0 in /b. There must be one: npm ls effect shows who brought " +
        "which; npm dedupe, or the same version in every package.json, mends it"
    )
  })
})
