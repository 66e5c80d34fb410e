import { type Document, isMap, isScalar, isSeq, type LineCounter } from 'yaml'

/** Line of what a path leads to, from 1: that of a member's key, or of a list's entry; of the nearest parent where there is none. */
export function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = 0
  for (const step of path) {
    const found = stepInto(node, step)
    if (found === null) break
    offset = found.offset
    node = found.node
  }
  return lines.linePos(offset).line
}

function stepInto(node: unknown, step: PropertyKey): { readonly offset: number; readonly node: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
    return pair === undefined ? null : { offset: offsetOf(pair.key), node: pair.value }
  }
  if (!isSeq(node) || typeof step !== 'number') return null
  const item = node.items[step]
  return item === undefined ? null : { offset: offsetOf(item), node: item }
}

const offsetOf = (node: unknown): number => (node as { range?: readonly number[] | null }).range?.[0] ?? 0
