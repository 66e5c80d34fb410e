import { styleText } from 'node:util'
import { errorReportOf } from './errors.ts'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts'
import { isMarked, type MarkedCell, type View } from './view.ts'

export interface Streams {
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
}

type Style = Parameters<typeof styleText>[0]

/** Characters that a cut column keeps, however narrow the terminal: then the line wraps. */
const LEAST_CUT_CHARS = 16
/** Columns of a terminal that does not tell. */
const USUAL_COLUMNS = 80
/** To the start of the line, which is emptied. */
const ERASE_LINE = '\r\u001b[K'

/** The one place that prints: with `json` one document on stdout, else text for people. */
export class Output {
  readonly #json: boolean
  readonly #streams: Streams
  #hasLiveLine = false

  constructor(json: boolean, streams: Streams = { out: process.stdout, err: process.stderr }) {
    this.#json = json
    this.#streams = streams
  }

  /** Prints a result on stdout. */
  result(data: unknown, view: View): void {
    this.#endLive()
    const text = this.#json ? JSON.stringify(data) : this.#text(view).join('\n')
    if (text !== '') this.#streams.out.write(`${text}\n`)
  }

  /** Prints an error and returns the exit code it stands for. */
  error(error: unknown): ExitCode {
    this.#endLive()
    const report = errorReportOf(error)
    if (this.#json) this.#streams.out.write(`${JSON.stringify({ error: report })}\n`)
    else this.#streams.err.write(`${this.#errorLines(report, error).join('\n')}\n`)
    return report.code === 'E_INTERRUPTED' ? EXIT.interrupted : exitCodeOf(report.code)
  }

  /** Prints one line of progress on stderr; only a person at a terminal sees it. */
  progress(line: string): void {
    this.#endLive()
    if (this.isWatched) this.#streams.err.write(`${this.#styled('dim', plain(line), this.#streams.err)}\n`)
  }

  /** Whether a person at a terminal sees progress. */
  get isWatched(): boolean {
    return !this.#json && this.#streams.err.isTTY === true
  }

  /** Shows a line on stderr in place of the last such, cut to the terminal; null takes it away, as does whatever is printed next. */
  live(line: string | null): void {
    if (line === null) this.#endLive()
    if (line === null || !this.isWatched) return
    const { err } = this.#streams
    const { marked } = cutTo({ marked: plain(line), ranges: [] }, (err.columns || USUAL_COLUMNS) - 1)
    err.write(`${ERASE_LINE}${this.#styled('dim', marked, err)}`)
    this.#hasLiveLine = true
  }

  #endLive(): void {
    if (this.#hasLiveLine) this.#streams.err.write(ERASE_LINE)
    this.#hasLiveLine = false
  }

  #errorLines(report: { code: string; message: string; hint?: string }, error: unknown): string[] {
    const { err } = this.#streams
    const message = plain(report.message.replace(/\s*\n\s*/g, ' '))
    const lines = [`${this.#styled('red', `error[${report.code}]`, err)}: ${message}`]
    for (const cause of causesOf(error)) lines.push(...causeLines(cause))
    for (const hint of report.hint?.split('\n') ?? [])
      lines.push(`${this.#styled('cyan', 'help', err)}: ${plain(hint)}`)
    return lines
  }

  #text(view: View): string[] {
    switch (view.is) {
      case 'lines':
        return view.lines.map(plain)
      case 'parts':
        return view.parts.flatMap(part => this.#text(part))
      case 'fields':
        return this.#fields(view.fields)
      case 'table':
        return this.#table(view)
    }
  }

  #fields(fields: readonly (readonly [string, unknown])[]): string[] {
    const width = Math.max(0, ...fields.map(([name]) => name.length))
    return fields.map(([name, value]) => `${this.#styled('dim', name.padEnd(width))}  ${cellOf(value)}`)
  }

  #table({ columns, rows, none, isLastCut }: Extract<View, { is: 'table' }>): string[] {
    if (rows.length === 0) return [none]
    const cells = rows.map(row => row.map(markedCellOf))
    const widths = columns.map((name, at) => Math.max(name.length, ...cells.map(row => row[at]?.marked.length ?? 0)))
    const room = isLastCut ? this.#roomBeside(widths.slice(0, -1)) : Number.POSITIVE_INFINITY
    const line = (row: readonly MarkedCell[]) =>
      [...row.slice(0, -1), ...row.slice(-1).map(cell => cutTo(cell, room))]
        .map((cell, at) => `${this.#marked(cell)}${' '.repeat((widths[at] ?? 0) - cell.marked.length)}`)
        .join('  ')
        .trimEnd()
    return [this.#styled('dim', line(columns.map(markedCellOf))), ...cells.map(line)]
  }

  /** Characters left in a line of the terminal after columns of these widths. */
  #roomBeside(widths: readonly number[]): number {
    const { isTTY, columns } = this.#streams.out
    if (isTTY !== true || columns === undefined) return Number.POSITIVE_INFINITY
    return Math.max(LEAST_CUT_CHARS, columns - widths.reduce((sum, width) => sum + width + 2, 0))
  }

  #marked({ marked, ranges }: MarkedCell): string {
    let [text, at] = ['', 0]
    for (const [from, to] of ranges) {
      text += marked.slice(at, from) + this.#styled('bold', marked.slice(from, to))
      at = to
    }
    return text + marked.slice(at)
  }

  #styled(style: Style, text: string, stream = this.#streams.out): string {
    return stream.isTTY ? styleText(style, text, { stream: stream as NodeJS.WriteStream }) : text
  }
}

/** What replaces a character is one UTF-16 unit as it was, so that ranges stay right. */
const markedCellOf = (value: unknown): MarkedCell =>
  isMarked(value) ? { marked: plain(value.marked), ranges: value.ranges } : { marked: cellOf(value), ranges: [] }

/** What fits, ending in an ellipsis where something is left out. */
function cutTo({ marked, ranges }: MarkedCell, room: number): MarkedCell {
  if (marked.length <= room) return { marked, ranges }
  const kept = marked
    .slice(0, room - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()
  const inside = ranges
    .map(([from, to]) => [from, Math.min(to, kept.length)] as const)
    .filter(([from, to]) => from < to)
  return { marked: `${kept}…`, ranges: inside }
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cellOf).join(' ')
  return plain(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

/** Texts come from strangers' packages: nothing in them may steer the terminal or reverse the line. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** Lines of one cause that are shown, such as what npm said. */
const MAX_CAUSE_LINES = 6
/** Characters of one such line. */
const MAX_CAUSE_CHARS = 240

/** A cause as lines that stand apart from our own: indented, bounded. */
function causeLines(cause: string): string[] {
  const lines = cause.split('\n').filter(line => line.trim() !== '')
  const shown = lines.slice(0, MAX_CAUSE_LINES).map(line => plain(line.trimEnd().slice(0, MAX_CAUSE_CHARS)))
  return shown.map((line, at) => (at === 0 ? `  cause: ${line}` : `         ${line}`))
}

/** At most three causes, outermost first. */
function causesOf(error: unknown): string[] {
  const causes: string[] = []
  let at = error instanceof Error ? error.cause : undefined
  while (at !== undefined && causes.length < 3) {
    causes.push(at instanceof Error ? at.message || at.name : String(at))
    at = at instanceof Error ? at.cause : undefined
  }
  return causes
}
