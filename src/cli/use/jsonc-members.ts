/** One item of an array, or one property of an object, as places in a text. */
export interface JsoncMember {
  /** '' for items of arrays. */
  readonly key: string
  readonly start: number
  /** Where the value begins; `start` for items of arrays. */
  readonly valueStart: number
  readonly end: number
  /** Of the comma behind it; null: it has none. */
  readonly comma: number | null
}

/** What stands between two brackets. */
export interface JsoncContainer {
  /** Of the opening bracket. */
  readonly open: number
  /** Of the closing bracket. */
  readonly close: number
  readonly members: readonly JsoncMember[]
}

/** The object or array that begins here, after blanks and comments; null: something else does. @throws SyntaxError where it has no end */
export function containerAt(text: string, from: number): JsoncContainer | null {
  const open = afterBlank(text, from)
  if (text[open] !== '{' && text[open] !== '[') return null
  const isObject = text[open] === '{'
  const members: JsoncMember[] = []
  let at = afterBlank(text, open + 1)
  while (text[at] !== (isObject ? '}' : ']')) {
    const member = memberAt(text, at, isObject)
    members.push(member)
    if (member.comma === null) {
      at = afterBlank(text, member.end)
      if (text[at] !== (isObject ? '}' : ']')) throw unreadable(text, at)
    } else at = afterBlank(text, member.comma + 1)
  }
  return { open, close: at, members }
}

function memberAt(text: string, start: number, isObject: boolean): JsoncMember {
  const keyEnd = isObject ? tokenEnd(text, start) : start
  const colon = isObject ? afterBlank(text, keyEnd) : start
  if (isObject && text[colon] !== ':') throw unreadable(text, colon)
  const valueStart = isObject ? afterBlank(text, colon + 1) : start
  const end = valueEnd(text, valueStart)
  const next = afterBlank(text, end)
  const key = isObject ? jsoncString(text.slice(start, keyEnd)) : ''
  return { key, start, valueStart, end, comma: text[next] === ',' ? next : null }
}

/** A text as it is read: without its quotes. */
export function jsoncString(token: string): string {
  try {
    return String(JSON.parse(token))
  } catch {
    return token.replace(/^'|'$/g, '')
  }
}

function valueEnd(text: string, start: number): number {
  let at = start
  let depth = 0
  do {
    at = afterBlank(text, at)
    const char = text[at] ?? ''
    if (char === '{' || char === '[') depth++
    else if (depth > 0 && (char === '}' || char === ']')) depth--
    else if (depth === 0 || (char !== ',' && char !== ':')) at = tokenEnd(text, at) - 1
    at++
  } while (depth > 0)
  return at
}

/** Behind a text, number or word. */
function tokenEnd(text: string, start: number): number {
  const quote = text[start]
  if (quote !== '"' && quote !== "'") {
    const end = stickyEnd(/[^\s,:[\]{}"'/]*/y, text, start)
    if (end === start) throw unreadable(text, start)
    return end
  }
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) return at + 1
  }
  throw unreadable(text, start)
}

const afterBlank = (text: string, from: number): number =>
  stickyEnd(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y, text, from)

/** Where a pattern that also fits nothing ends. */
export function stickyEnd(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  pattern.test(text)
  return pattern.lastIndex
}

const unreadable = (text: string, at: number) =>
  new SyntaxError(`line ${text.slice(0, at).split('\n').length} cannot be read`)
