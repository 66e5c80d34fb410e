import { CliError } from '../errors.ts'
import { OURS, setAside, withBlock, withoutOurs } from './marks.ts'

/** What a YAML file of settings is to have: texts at its top, and entries of lists and maps at its top. */
export interface YamlSettings {
  readonly texts: ReadonlyMap<string, string>
  /** Lines of each entry, the first without indentation: items of a list such as `- "@acme/*"`, or `acme:` and `  key: "value"`. */
  readonly entries: ReadonlyMap<string, readonly string[]>
}

/**
 * The text of a YAML file with these settings. Lines are added and set aside, never moved or written anew, so that comments and
 * style stay. @throws CliError E_FILE where a list or map is written on one line, or has the entry already
 */
export function yamlWith(text: string, { texts, entries }: YamlSettings): string {
  let lines = withoutOurs(text).split('\n')
  const block: string[] = []
  for (const [key, value] of texts) {
    const at = lineOf(lines, key)
    if (at >= 0) lines = lines.with(at, setAside(lines[at] ?? ''))
    block.push(`${key}: ${JSON.stringify(value)}`)
  }
  for (const [key, entry] of entries) {
    const at = lineOf(lines, key)
    if (at < 0) block.push(`${key}:`, ...entry.map(line => `  ${line}`))
    else lines = withEntry(lines, at, key, entry)
  }
  const start = contentStart(lines)
  const head = lines.slice(0, start).map(line => `${line}\n`)
  return head.join('') + withBlock(block, lines.slice(start).join('\n'))
}

/** Where the first document's content begins: behind its directives and its `---`, which would end whatever stands before them. */
function contentStart(lines: readonly string[]): number {
  const marker = lines.findIndex(line => /^---\s*(#.*)?$/.test(line.trimEnd()))
  const isFirst = lines.slice(0, Math.max(0, marker)).every(line => /^\s*([%#].*)?$/.test(line))
  return isFirst ? marker + 1 : 0
}

/** The line where a key stands at the top of the document. */
function lineOf(lines: readonly string[], key: string): number {
  return lines.findIndex(line => new RegExp(`^["']?${key}["']?\\s*:`).test(line))
}

function withEntry(lines: readonly string[], at: number, key: string, entry: readonly string[]): string[] {
  const value = (lines[at] ?? '').replace(/^[^:]*:/, '').trim()
  if (value !== '' && !value.startsWith('#')) throw cannotAdd(key, 'is written on one line')
  const end = lines.findIndex((line, index) => index > at && /^[^\s#-]/.test(line))
  const children = lines.slice(at + 1, end < 0 ? undefined : end)
  const isThere = (line: string) => children.some(child => plainOf(child) === plainOf(line))
  const isList = entry.every(line => line.startsWith('- '))
  if (!isList && isThere(entry[0] ?? '')) throw cannotAdd(key, `has ${entry[0]} already`)
  const added = isList ? entry.filter(line => !isThere(line)) : entry
  const indent = /^\s*/.exec(children.find(line => /^\s*[^\s#]/.test(line)) ?? '  ')?.[0] ?? '  '
  return lines.toSpliced(at + 1, 0, ...added.map(line => `${indent}${line}${OURS}`))
}

/** A list item or key without quotes and comment: however it is written, it is the same entry. */
const plainOf = (line: string): string =>
  line
    .trim()
    .replace(/\s+#.*$/, '')
    .replace(/["']/g, '')
    .replace(/^-\s+/, '- ')
    .replace(/\s*:$/, ':')

const cannotAdd = (key: string, why: string) =>
  new CliError('E_FILE', `${key} ${why}, where no entry can be added safely`, {
    hint: 'add it by hand: hanse use CLIENT --print',
  })
