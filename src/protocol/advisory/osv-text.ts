import type { Advisory, AdvisoryText } from './advisory.ts'
import { cvss3ScoreOf, severityOfScore } from './cvss3.ts'
import { MAX_REFERENCE_CHARS, MAX_SUMMARY_CHARS, MAX_VECTOR_CHARS } from './limits.ts'
import type { OsvDocument } from './osv-document.ts'

/** The weakness "Embedded Malicious Code". */
const MALICIOUS_CODE = 'CWE-506'

/** Malware is what the malicious-packages data set published, or what others call by its id or weakness. */
export function kindOf({ id, aliases = [], database_specific: more }: OsvDocument): AdvisoryText['kind'] {
  const isMalware =
    [id, ...aliases].some(name => name.startsWith('MAL-')) ||
    more?.['malicious-packages-origins'] !== undefined ||
    more?.cwe_ids?.includes(MALICIOUS_CODE) === true
  return isMalware ? 'malware' : 'vulnerability'
}

const WORDS: ReadonlyMap<string, AdvisoryText['severity']> = new Map([
  ['LOW', 'low'],
  ['MODERATE', 'moderate'],
  ['MEDIUM', 'moderate'],
  ['HIGH', 'high'],
  ['CRITICAL', 'critical'],
])

/** The database's own word, else what the CVSS score says; malware that nobody rated is critical. */
export function severityOf(osv: OsvDocument, cvss: Advisory['cvss']): AdvisoryText['severity'] {
  const word = WORDS.get(osv.database_specific?.severity?.toUpperCase() ?? '')
  if (word !== undefined) return word
  if (cvss !== null) return severityOfScore(cvss.score)
  return kindOf(osv) === 'malware' ? 'critical' : 'unknown'
}

/** The highest CVSS v3 score given, for the whole advisory or one of its packages. */
export function cvssOf({ severity = [], affected }: OsvDocument): Advisory['cvss'] {
  let highest: Advisory['cvss'] = null
  for (const { type, score: vector } of [...severity, ...(affected ?? []).flatMap(each => each.severity ?? [])]) {
    const score = type === 'CVSS_V3' && vector.length <= MAX_VECTOR_CHARS ? cvss3ScoreOf(vector) : null
    if (score !== null && score > (highest?.score ?? -1)) highest = { score, vector }
  }
  return highest
}

/** The summary, else the first line of the details; on one line and without what steers a terminal. */
export function summaryOf({ id, summary = '', details = '' }: OsvDocument): string {
  const line = [summary, ...details.slice(0, 4_000).split('\n')].map(cleaned).find(text => text !== '')
  return (line ?? id).slice(0, MAX_SUMMARY_CHARS)
}

const cleaned = (text: string): string =>
  text
    .slice(0, 4 * MAX_SUMMARY_CHARS)
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/^[#\s]+/, '')
    .trim()

export const cweOf = ({ database_specific: more }: OsvDocument): readonly string[] =>
  (more?.cwe_ids ?? []).filter(id => /^CWE-\d{1,6}$/.test(id))

/** The reference that is the advisory itself, else the first. */
export function urlOf({ references = [] }: OsvDocument): string | null {
  const usable = references.filter(({ url }) => url !== undefined && isWebAddress(url))
  const found = usable.find(({ type }) => type === 'ADVISORY') ?? usable[0]
  return found?.url ?? null
}

const isWebAddress = (url: string): boolean => url.length <= MAX_REFERENCE_CHARS && /^https?:\/\/[!-~]+$/.test(url)
