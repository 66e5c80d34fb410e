import { setAside, withBlock, withoutOurs } from './marks.ts'

/** The text of an `.npmrc` with these settings; lines that said otherwise stand aside. */
export function npmrcWith(text: string, settings: ReadonlyMap<string, string>): string {
  const lines = withoutOurs(text)
    .split('\n')
    .map(line => (settings.has(keyOf(line)) ? setAside(line) : line))
  return withBlock(
    [...settings].map(([key, value]) => `${key}=${value}`),
    lines.join('\n'),
  )
}

const keyOf = (line: string): string => /^\s*["']?([^#;="'\s]+)["']?\s*=/.exec(line)?.[1] ?? ''
