import { type Html, html } from './html.ts'
import { pageOf } from './page.ts'

/** What the page reads of an answer to `why`; the shapes are that use case's own. */
interface Explanation {
  readonly purl: string
  readonly version: string | null
  readonly decision: string
  readonly why: string
  readonly mode?: string
  readonly until?: string | null
  readonly instead?: string | null
  readonly help?: string
  readonly route?: string
  readonly publisher?: string | null
  readonly reasons: readonly Reason[]
  readonly facts: {
    readonly state?: string
    readonly visibility?: string | null
    readonly publishersWithIt?: readonly string[]
    readonly known?: readonly { readonly fact: string; readonly value: unknown; readonly from: string }[]
  }
}

interface Reason {
  readonly rule: string
  readonly message: string
  readonly line?: number
  readonly hint?: string
}

type Row = readonly [name: string, value: unknown]

/** Characters of one value. */
const MAX_VALUE_CHARS = 500

/** The page `/why/PURL`: the decision in a sentence, the rules, what changes it, the facts and where they are from. */
export function whyPage(answer: object): string {
  const explanation = answer as Explanation
  const { purl, version, decision, why, reasons } = explanation
  return pageOf(
    version === null ? purl : `${purl}@${version}`,
    html`<p><strong>${decision}</strong>: ${why}</p>
${listOf('Rules', reasons.map(reasonOf))}
${tableOf('What changes it', changesOf(explanation))}
${listOf('What helps', helpOf(explanation))}
${tableOf('Facts', factsOf(explanation))}
<p><a href="./last">What was withheld from me lately</a></p>`,
  )
}

function reasonOf({ rule, message, line }: Reason): Html {
  const place = line === undefined ? '' : ` (policy.yaml, line ${line})`
  return html`<code>${rule}</code>${place}: ${message}`
}

function changesOf({ decision, mode, until, instead }: Explanation): Row[] {
  if (decision === 'allow' && mode !== 'dry-run') return []
  return [
    ['changes by itself', until ?? 'no'],
    ['instead', instead],
    ['who decides', decision === 'allow' ? null : 'an administrator of this node'],
    ['policy', mode === 'dry-run' ? 'in dry-run: it refuses nothing but what stands whatever it says' : mode],
  ]
}

function helpOf({ help = '', reasons }: Explanation): Html[] {
  const lines = [help, ...reasons.map(({ hint = '' }) => hint)].flatMap(text => text.split('\n'))
  return [...new Set(lines)].filter(line => line !== '').map(line => html`<code>${line}</code>`)
}

function factsOf({ route, publisher, facts }: Explanation): Row[] {
  const { state, visibility, publishersWithIt = [], known = [] } = facts
  return [
    ['route', route],
    ['publisher', publisher],
    ['release', [state, visibility].filter(each => typeof each === 'string').join(', ')],
    ['known from', publishersWithIt.join(', ')],
    ...known.map(({ fact, value, from }): Row => [fact, `${textOf(value)} (${from})`]),
  ]
}

const listOf = (title: string, items: readonly Html[]): Html | null =>
  items.length === 0 ? null : html`<h2>${title}</h2><ul>${items.map(item => html`<li>${item}</li>`)}</ul>`

/** Rows without a value are left out. */
function tableOf(title: string, rows: readonly Row[]): Html | null {
  const told = rows.map(([name, value]) => [name, textOf(value)] as const).filter(([, value]) => value !== '')
  if (told.length === 0) return null
  return html`<h2>${title}</h2>
<dl>${told.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, MAX_VALUE_CHARS)
}
