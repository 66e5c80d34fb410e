import parse, { type Info, type LicenseInfo } from 'spdx-expression-parse'
import { matchesText } from '../pattern.ts'

/** Characters of an expression: the longest in use name a dozen licences. */
const MAX_EXPRESSION_CHARS = 1_000

/** Licences as an operator names them, lower case: ids, `ID WITH EXCEPTION`, `*` for any characters. */
export interface LicenceLists {
  /** null: all but the denied ones. */
  readonly allow: readonly string[] | null
  readonly deny: readonly string[]
}
export type LicenceAnswer =
  | { readonly is: 'allowed' }
  /** `licences`: those that stand in the way. */
  | { readonly is: 'refused'; readonly licences: readonly string[] }
  | { readonly is: 'unknown' }

/** What the lists say of an SPDX expression (SPDX 2.3, annex D): OR needs one allowed side, AND both. */
export function licenceAnswerOf(expression: string | null, lists: LicenceLists): LicenceAnswer {
  const parsed = expression === null ? null : parseExpression(expression)
  if (parsed === null) return { is: 'unknown' }
  const refused = refusedIn(parsed, lists)
  return refused.length === 0 ? { is: 'allowed' } : { is: 'refused', licences: [...new Set(refused)] }
}

/** Whether an operator's entry can name a licence: an SPDX id, `ID WITH EXCEPTION`, or one with `*`; another one would match nothing. */
export function isLicenceEntry(entry: string): boolean {
  if (entry.includes('*')) return true
  const parsed = parseExpression(entry)
  return parsed !== null && 'license' in parsed
}

/** Whether a text is an SPDX expression (SPDX 2.3, annex D). */
export const isLicenceExpression = (text: string): boolean => parseExpression(text) !== null

function parseExpression(expression: string): Info | null {
  if (expression.length > MAX_EXPRESSION_CHARS) return null
  try {
    return parse(expression)
  } catch {
    return null
  }
}

/** The licences that keep an expression from being allowed; none: it is. */
function refusedIn(info: Info, lists: LicenceLists): string[] {
  if ('license' in info) return isAllowed(info, lists) ? [] : [textOf(info)]
  const left = refusedIn(info.left, lists)
  const right = refusedIn(info.right, lists)
  if (info.conjunction === 'or' && (left.length === 0 || right.length === 0)) return []
  return [...left, ...right]
}

/** An entry that is the whole licence outdoes a broader one, so that an exception can be allowed where its licence is denied. */
function isAllowed(licence: LicenseInfo, { allow, deny }: LicenceLists): boolean {
  const whole = textOf(licence).toLowerCase()
  if (deny.includes(whole)) return false
  if (allow?.includes(whole)) return true
  const names = namesOf(licence)
  const isNamedBy = (entry: string) => names.some(name => matchesText(entry, name))
  return !deny.some(isNamedBy) && (allow === null || allow.some(isNamedBy))
}

/** A licence as expressions write it; the GNU licences' old ids are today's `-only` and `-or-later`. */
function textOf({ license, plus, exception }: LicenseInfo): string {
  const id = isOldGnu(license) ? `${license}${plus ? '-or-later' : '-only'}` : `${license}${plus ? '+' : ''}`
  return exception === undefined ? id : `${id} WITH ${exception}`
}

/** Every name that lists may know it by: exceptions only permit more, and who may use a later version may use this one. */
function namesOf({ license, plus, exception }: LicenseInfo): string[] {
  const id = textOf(plus ? { license, plus } : { license })
  const base = id.replace(/-or-later$/, '-only').replace(/\+$/, '')
  const bare = license.replace(/-(only|or-later)$/, '')
  const names = [id, base, ...(isOldGnu(bare) ? [bare] : [])]
  const withException = exception === undefined ? [] : names.map(name => `${name} WITH ${exception}`)
  return [...withException, ...names].map(name => name.toLowerCase())
}

const isOldGnu = (id: string): boolean => /^(A|L)?GPL-\d\.\d$|^GFDL-\d\.\d$/.test(id)
