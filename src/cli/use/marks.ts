/** Lines between these are ours. */
const BEGIN = '# hanse use: begin'
const END = '# hanse use: end'
/** Ends a line of ours inside a list or map of somebody else's. */
export const OURS = ' # hanse use'
/** Begins a line of somebody else's that stands aside for ours. */
const KEPT = '# hanse use keeps: '

/** The line as it waits for `--undo`. */
export const setAside = (line: string): string => `${KEPT}${line}`

/** The text as it was before `hanse use`: our lines gone, the others back, all else untouched. */
export function withoutOurs(text: string): string {
  const lines = text.split('\n')
  const kept: string[] = []
  let isOurs = false
  for (const line of lines) {
    const bare = line.replace(/\r$/, '')
    if (bare === BEGIN) isOurs = true
    else if (bare === END) isOurs = false
    else if (!isOurs && !bare.endsWith(OURS)) kept.push(line.startsWith(KEPT) ? line.slice(KEPT.length) : line)
  }
  return kept.join('\n')
}

/** The lines of ours in a text, as they count; what else the file says is nobody's to print. */
export function oursOf(text: string): string[] {
  const ours: string[] = []
  let isOurs = false
  for (const line of text.split('\n')) {
    if (line === BEGIN || line === END) isOurs = line === BEGIN
    else if (isOurs) ours.push(line)
    else if (line.endsWith(OURS)) ours.push(line.slice(0, -OURS.length))
  }
  return ours
}

/** Our block of lines, before everything else of the file. */
export function withBlock(lines: readonly string[], text: string): string {
  return lines.length === 0 ? text : `${[BEGIN, ...lines, END].join('\n')}\n${text}`
}
