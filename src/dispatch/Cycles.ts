/**
 * @since 0.1.0
 */

/**
 * A way round in a graph that is given as the successors of each node, or
 * `undefined` if there is none. It begins and ends with the same node.
 */
export const findCycle = (successors: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> | undefined => {
  const isDone = new Set<number>()
  for (let start = 0; start < successors.length; start++) {
    // The way from `start` to where we are, with the next successor to try of each; no recursion, for long chains.
    const path: Array<{ readonly node: number; next: number }> = isDone.has(start) ? [] : [{ node: start, next: 0 }]
    const onPath = new Map([[start, 0]])
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const successor = successors[step.node]?.[step.next++]
      if (successor === undefined) {
        isDone.add(step.node)
        onPath.delete(step.node)
        path.pop()
      } else if (onPath.has(successor)) {
        return [...path.slice(onPath.get(successor)).map(({ node }) => node), successor]
      } else if (!isDone.has(successor)) {
        onPath.set(successor, path.length)
        path.push({ node: successor, next: 0 })
      }
    }
  }
  return undefined
}
