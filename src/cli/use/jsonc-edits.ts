import { containerAt, type JsoncContainer, stickyEnd } from './jsonc-members.ts'

/** The text with these members first in a container, laid out as its own are; `withoutMember` for each brings back the text as it was. */
export function withFirstMembers(text: string, container: JsoncContainer, members: readonly string[]): string {
  const inside = container.open + 1
  if (container.members.length === 0) return withRange(text, inside, inside, members.join(', '))
  const first = stickyEnd(/\s*/y, text, inside)
  const gap = text.slice(inside, first)
  const between = gap.includes('\n') ? gap : ' '
  return withRange(text, first, first, members.map(member => `${member},${between}`).join(''))
}

/** The text without one member of the container that begins at `open`, its comma and the blanks behind that. */
export function withoutMember(text: string, open: number, index: number): string {
  const members = containerAt(text, open)?.members ?? []
  const member = members[index]
  if (member === undefined) return text
  if (member.comma !== null) return withRange(text, member.start, stickyEnd(/\s*/y, text, member.comma + 1), '')
  const comma = members[index - 1]?.comma ?? null
  if (comma === null) return withRange(text, member.start, member.end, '')
  const gap = /\s*$/.exec(text.slice(comma + 1, member.start))?.[0].length ?? 0
  return withRange(withRange(text, member.start - gap, member.end, ''), comma, comma + 1, '')
}

/** The text with something else in the place of what stands there. */
export const withRange = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end)

/** A value as members of the outermost object are laid out: over several lines where that object is. */
export function jsonLike(text: string, root: JsoncContainer, value: unknown): string {
  const gap = text.slice(root.open + 1, stickyEnd(/\s*/y, text, root.open + 1))
  const [line, indent] = /\r?\n([^\n]*)$/.exec(gap) ?? []
  if (line === undefined) return JSON.stringify(value)
  return JSON.stringify(value, null, indent || '  ').replaceAll('\n', line)
}
