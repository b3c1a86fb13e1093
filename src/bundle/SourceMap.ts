/**
 * Source maps that say where they know nothing.
 *
 * @since 0.1.0
 */

/**
 * Ends what is mapped where unmapped lines begin. Without such an end, Node
 * takes a line of a package, which has no mappings, for one of whichever source
 * stands before it in the chunk.
 */
export const bounded = (mappings: string): string => {
  let isMapped = false
  return mappings.split(";").map((line) => {
    const ends = line === "" && isMapped
    isMapped = line !== ""
    return ends ? "A" : line
  }).join(";")
}
