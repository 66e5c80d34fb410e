import Fuse from 'fuse.js'
import type { Document, Highlight } from './document.ts'

const MAX_HIGHLIGHT_TOKENS = 8
const MIN_MATCH_CHARS = 2

type Shown = Pick<Document, 'name' | 'description'>

/** Where each document shows the words of the query, typos included; in the order of `documents`. */
export function highlightsOf(words: readonly string[], documents: readonly Shown[]): Highlight[][] {
  const ranges = documents.map(() => ({ name: [] as [number, number][], description: [] as [number, number][] }))
  const fuse = new Fuse(documents, {
    keys: ['name', 'description'],
    includeMatches: true,
    ignoreLocation: true,
    threshold: 0.25,
    minMatchCharLength: MIN_MATCH_CHARS,
  })
  for (const word of words.filter(word => word.length >= MIN_MATCH_CHARS).slice(0, MAX_HIGHLIGHT_TOKENS)) {
    for (const { refIndex, matches } of fuse.search(word)) {
      for (const { key, indices } of matches ?? []) {
        const longest = longestOf(indices)
        if ((key === 'name' || key === 'description') && longest) ranges[refIndex]![key].push(longest)
      }
    }
  }
  return ranges.map(({ name, description }) => [
    ...(name.length > 0 ? [{ field: 'name' as const, ranges: joined(name) }] : []),
    ...(description.length > 0 ? [{ field: 'description' as const, ranges: joined(description) }] : []),
  ])
}

/** Fuse.js also reports stray letters; the longest run is the match. Its ranges are closed, ours half-open. */
function longestOf(indices: readonly (readonly [number, number])[]): [number, number] | null {
  let longest: [number, number] | null = null
  for (const [from, to] of indices) {
    if (longest === null || to + 1 - from > longest[1] - longest[0]) longest = [from, to + 1]
  }
  return longest
}

function joined(ranges: [number, number][]): [number, number][] {
  const result: [number, number][] = []
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}
