/** A piece of HTML in which everything that is not this program's own was escaped. */
export class Html {
  readonly text: string

  /** Use the `html` tag. */
  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

type Value = Html | string | number | null | readonly (Html | string)[]

/** A piece of HTML from a template literal; every value is escaped, except pieces made so before. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(strings.reduce((text, part, at) => `${text}${pieceOf(values[at - 1] ?? null)}${part}`))
}

function pieceOf(value: Value): string {
  if (value === null) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(pieceOf).join('')
  return escaped(String(value))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Also what would steer a terminal or turn the line round: names and messages come from strangers. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
    .replace(/[&<>"']/g, character => ENTITIES[character] ?? '')
}
