/** The same with 0 for each -0, which JSON does not know: nothing that is written as text means either. */
export const signless = (value: unknown): unknown => {
  if (typeof value === "number") return value + 0 === 0 ? 0 : value
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(signless)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, signless(each)]))
}
