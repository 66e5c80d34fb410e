import { type Document, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { BUILT_IN_POLICY, type PolicyDocument } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { DEFAULT_AGE_HOURS, MAX_POLICY_BYTES } from './limits.ts'
import { type PolicySettings, policySchema } from './policy-schema.ts'
import { lineOf } from './yaml-lines.ts'

/** What policy.yaml says. @throws NodeError E_CONFIG whose message starts with `policy.yaml:LINE:` */
export function parsePolicyText(text: string, file = 'policy.yaml'): PolicyDocument {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) throw refusal(`${file}: is larger than ${MAX_POLICY_BYTES} bytes`)
  const lines = new LineCounter()
  const document = parseYaml(text, file, lines)
  const parsed = policySchema.safeParse(plainValueOf(document, file))
  if (parsed.success) return documentOf(parsed.data, (...path) => lineOf(document, lines, path))
  const issue = parsed.error.issues[0]
  if (issue === undefined) throw refusal(`${file}: is no policy`)
  const { path, why } = faultOf(issue)
  const where = path.length === 0 ? 'policy' : path.map(String).join('.')
  throw refusal(`${file}:${lineOf(document, lines, path)}: ${where} ${why}`)
}

const refusal = (message: string, cause?: unknown) =>
  new NodeError('E_CONFIG', message, { cause, hint: 'correct it, then: hanse policy check FILE' })

/** A stack that overflows is that of the YAML reader, on text nested deeper than any policy. */
function parseYaml(text: string, file: string, lineCounter: LineCounter): Document {
  let document: Document
  try {
    document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true })
  } catch (cause) {
    throw refusal(`${file}: is nested too deeply`, cause)
  }
  const [broken] = document.errors
  if (broken === undefined) return document
  throw refusal(`${file}:${lineCounter.linePos(broken.pos[0]).line}: ${broken.message.replace(/:?\n[\s\S]*$/, '')}`)
}

function plainValueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw refusal(`${file}: aliases are not used here`, cause)
  }
}

interface Fault {
  readonly path: readonly PropertyKey[]
  readonly why: string
}

/** The fault as deep inside as it can be told: of a union that of the alternative that went furthest. */
function faultOf(issue: z.core.$ZodIssue, at: readonly PropertyKey[] = []): Fault {
  const path = [...at, ...issue.path]
  if (issue.code === 'unrecognized_keys') return { path: [...path, issue.keys[0] ?? ''], why: 'is no key of a policy' }
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat().map(each => faultOf(each, path))
    const deepest = inner.toSorted((a, b) => b.path.length - a.path.length || b.why.length - a.why.length)[0]
    if (deepest !== undefined) return deepest
  }
  return { path, why: sentenceOf(issue) }
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith('must ')) return issue.message
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`
  if (issue.code === 'invalid_type')
    return `must be ${issue.expected === 'object' ? 'a section with keys' : `of type ${issue.expected}`}`
  if (issue.code === 'too_big') return `must be ${issue.maximum} ${unitOf(issue.origin)}at most`
  if (issue.code === 'too_small') return `must be ${issue.minimum} ${unitOf(issue.origin)}at least`
  return `is not valid: ${issue.message}`
}

const unitOf = (origin: string): string => (origin === 'string' ? 'characters ' : origin === 'array' ? 'entries ' : '')

type LineFinder = (...path: readonly PropertyKey[]) => number

/** A section that is absent is that of the built-in policy: to leave out a line never loosens anything. */
function documentOf(settings: PolicySettings, line: LineFinder): PolicyDocument {
  const { minimumAge, licence, advisory, installScripts, deprecated, size, lookAlike } = settings
  const builtIn = BUILT_IN_POLICY
  return {
    mode: settings.mode ?? builtIn.mode,
    minimumAge: minimumAge ? minimumAgeOf(minimumAge, line('minimumAge')) : builtIn.minimumAge,
    licence: licence ? licenceOf(licence, line('licence')) : builtIn.licence,
    advisory: advisory
      ? { severity: advisory.severity ?? 'none', malware: advisory.malware ?? 'deny', line: line('advisory') }
      : builtIn.advisory,
    installScripts: installScripts ? { ...installScripts, line: line('installScripts') } : builtIn.installScripts,
    deprecated: deprecated ? { decision: deprecated, line: line('deprecated') } : builtIn.deprecated,
    size: size ? { ...size, line: line('size') } : builtIn.size,
    lookAlike: lookAlike
      ? { decision: lookAlike.decision ?? 'hold', except: lookAlike.except, line: line('lookAlike') }
      : builtIn.lookAlike,
    deny: settings.deny.map((entry, at) => ({ ...entry, line: line('deny', at) })),
    allow: settings.allow.map((entry, at) => ({ ...entry, line: line('allow', at) })),
    waivers: settings.waivers.map((waiver, at) => ({
      ...waiver,
      until: waiver.until ?? null,
      line: line('waivers', at),
    })),
  }
}

/** No hours: not judged, also what nobody has seen yet. */
function minimumAgeOf(
  { hours = DEFAULT_AGE_HOURS, except }: NonNullable<PolicySettings['minimumAge']>,
  line: number,
): PolicyDocument['minimumAge'] {
  return hours === 0 ? null : { hours, except, line }
}

/** With a list of what is allowed, a licence that nobody can read is not on it. */
function licenceOf(licence: NonNullable<PolicySettings['licence']>, line: number): PolicyDocument['licence'] {
  const { allow = null, deny, except } = licence
  return { allow, deny, unknown: licence.unknown ?? (allow === null ? 'allow' : 'deny'), except, line }
}
