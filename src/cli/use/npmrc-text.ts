import { setAside, withBlock, withoutOurs } from './marks.ts'

/** The text of an `.npmrc` with these settings; lines that said otherwise stand aside. `entries` are added to its lists. */
export function npmrcWith(
  text: string,
  settings: ReadonlyMap<string, string>,
  entries: readonly (readonly [list: string, value: string])[] = [],
): string {
  const lines = withoutOurs(text)
    .split('\n')
    .map(line => (settings.has(keyOf(line)) ? setAside(line) : line))
  return withBlock(
    [
      ...[...settings].map(([key, value]) => `${key}=${value}`),
      ...entries.map(([list, value]) => `${list}[]=${value}`),
    ],
    lines.join('\n'),
  )
}

/** What an `.npmrc` sets a key to, its last line of several; null: it does not. */
export function npmrcValue(text: string, key: string): string | null {
  const line = text.split('\n').findLast(each => keyOf(each) === key)
  return line === undefined
    ? null
    : line
        .slice(line.indexOf('=') + 1)
        .trim()
        .replace(/^["']|["']$/g, '')
}

const keyOf = (line: string): string => /^\s*["']?([^#;="'\s]+)["']?\s*=/.exec(line)?.[1] ?? ''
