import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { neutralised } from "../../src/logs/Neutral.ts"

/** What may be left: text, tabs, line feeds and styles. */
const harmless =
  /^(?:\x1b\[[\d;:]*m|[^\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb])*$/u // oxlint-disable-line no-control-regex -- they are what it is about

const Fragment = Schema.Union([
  Schema.Literals([
    "\u001b",
    "[",
    "]",
    "\u001b[",
    "\u001b]0;",
    "\u001b]52;c;",
    "\u0007",
    "\u009b",
    "\u009d",
    "\u009c",
    "\\",
    "31m",
    "2J",
    ";",
    "\u001b[31m",
    "\u001bP",
    "\u001bc",
    "\u202e",
    "\r",
    "\n",
    "\t",
    "\b",
    "\0",
    "m",
    "\u{e0041}",
    "text"
  ]),
  Schema.String
])
const Fragments = Schema.Array(Fragment).check(Schema.isMaxLength(40))

describe("neutral text", () => {
  it.prop("has nothing left that a terminal obeys but styles, and stays as it is", [Fragments], ([fragments]) => {
    const text = neutralised(fragments.join(""))
    assert.match(text, harmless)
    assert.strictEqual(neutralised(text), text)
    // Whatever comes after it has no style of its.
    if (text.includes("\u001b")) assert.match(text.slice(text.lastIndexOf("\u001b")), /^\u001b\[0*m/) // oxlint-disable-line no-control-regex -- as above
  }, { arbitrary: { runs: 400, size: 40 } })

  it("is ordinary text as it was written", () => {
    for (const text of ["plain", "two\nlines\tand a tab", "naïve 日本語 🦀 👩‍👩‍👧", "100% [ok] \\ ]0;", ""]) {
      assert.strictEqual(neutralised(text), text)
    }
  })

  it.each<readonly [what: string, given: string, shown: string]>([
    ["colours stay, and end", "\u001b[1;31mred", "\u001b[1;31mred\u001b[0m"],
    ["colours that end stay as they are", "\u001b[38;5;8mgrey\u001b[m on", "\u001b[38;5;8mgrey\u001b[m on"],
    ["nothing hides or blinks", "\u001b[8msecret\u001b[05mblink\u001b[0;5mx", "secretblinkx"],
    ["the screen is not cleared", "a\u001b[2J\u001b[Hb\u009b2Jc", "abc"],
    ["the clipboard is not written", "a\u001b]52;c;aGVsbG8=\u0007b\u001b]52;c;eA==\u001b\\c", "abc"],
    ["the title stays", "\u001b]0;evil\u0007x\u009d2;evil\u009cy", "xy"],
    ["a sequence that does not end takes its line, and not the next", "\u001b]0;evil\nshown", "\nshown"],
    ["what has been shown is not overwritten", "safe\rEVIL\b!", "safe␍EVIL␈!"],
    ["text is not turned round", "a\u202egnp.exe\u2066", "a\\u{202e}gnp.exe\\u{2066}"],
    ["NUL and delete are seen", "a\0b\u007f", "a␀b␡"],
    ["the terminal is not reset nor asked", "\u001bc\u001b[6n\u001b[?1049hx\u001bP+q\u001b\\y", "xy"]
  ])("%s", (_, given, shown) => {
    assert.strictEqual(neutralised(given), shown)
  })
})
