import { z } from 'zod'
import {
  isLicenceEntry,
  type Pattern,
  parsePattern,
  parseReleasePattern,
  type ReleasePattern,
  WAIVABLE_RULES,
} from '../../protocol/index.ts'
import { MAX_AGE_HOURS, MAX_LIST_ENTRIES, MAX_REASON_CHARS, MAX_WAIVED_RULES } from './limits.ts'
import { momentOf } from './moment-text.ts'

/** A reason, name or licence as a person writes it: one line. */
export const shortTextSchema = z
  .string()
  .trim()
  .min(1)
  .max(MAX_REASON_CHARS)
  .regex(/^\P{Cc}*$/u, 'must be one line of text')

const patternSchema = z.string().transform((text, context): Pattern => {
  const parsed = parsePattern(text)
  if (parsed.ok) return parsed.value
  context.addIssue(`must be a pattern of names, such as npm:@acme/*: ${parsed.why}`)
  return z.NEVER
})

/** Names and, after an @, versions: `npm:left-pad@^1`. */
export const releasePatternSchema = z.string().transform((text, context): ReleasePattern => {
  const parsed = parseReleasePattern(text)
  if (parsed.ok) return parsed.value
  context.addIssue(`must be names and maybe versions, such as npm:left-pad@^1: ${parsed.why}`)
  return z.NEVER
})

/** A day or a time of ISO 8601, as ms since 1970. */
const timeSchema = z.string().transform((text, context): number => {
  const at = momentOf(text)
  if (at !== null) return at
  context.addIssue('must be a day or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z')
  return z.NEVER
})

/** An entry that is misspelt would allow or deny nothing, and nobody would notice. */
const licenceSchema = shortTextSchema.refine(isLicenceEntry, 'must be an SPDX id such as MIT, or have a * as in BSD-*')

const listOf = <T extends z.ZodType>(entry: T) => z.array(entry).max(MAX_LIST_ENTRIES)
const patterns = listOf(patternSchema).default([])
const named = z
  .union([releasePatternSchema, z.strictObject({ match: releasePatternSchema, why: shortTextSchema.optional() })])
  .transform(entry => ('match' in entry ? { match: entry.match, why: entry.why ?? null } : { match: entry, why: null }))

const isWaivable = (rule: string): boolean => WAIVABLE_RULES.includes(rule)
const RULE_NAMES = `must be the name of a rule: ${WAIVABLE_RULES.join(', ')}`

/** Names of rules, or all of them. */
export const waivedRulesSchema = z.union([
  z.literal('all'),
  z.array(z.string().refine(isWaivable, RULE_NAMES)).min(1).max(MAX_WAIVED_RULES),
])

/** The whole of policy.yaml; a section that is absent is that of the built-in policy, unknown keys are errors. */
export const policySchema = z.strictObject({
  version: z.literal(1),
  mode: z.enum(['dry-run', 'enforce']).optional(),
  minimumAge: z.strictObject({ hours: z.number().min(0).max(MAX_AGE_HOURS).optional(), except: patterns }).optional(),
  licence: z
    .strictObject({
      allow: listOf(licenceSchema).optional(),
      deny: listOf(licenceSchema).default([]),
      unknown: z.enum(['allow', 'deny']).optional(),
      except: patterns,
    })
    .optional(),
  advisory: z
    .strictObject({
      severity: z.enum(['low', 'moderate', 'high', 'critical', 'none']).optional(),
      malware: z.enum(['deny', 'allow']).optional(),
    })
    .optional(),
  installScripts: z.strictObject({ allow: patterns }).optional(),
  deprecated: z.enum(['allow', 'deny']).optional(),
  size: z.strictObject({ maxBytes: z.int().min(1) }).optional(),
  lookAlike: z.strictObject({ decision: z.enum(['hold', 'allow']).optional(), except: patterns }).optional(),
  deny: listOf(named).default([]),
  allow: listOf(named).default([]),
  waivers: listOf(
    z.strictObject({
      match: releasePatternSchema,
      rules: waivedRulesSchema,
      who: shortTextSchema,
      why: shortTextSchema,
      until: timeSchema.optional(),
    }),
  ).default([]),
})

export type PolicySettings = z.output<typeof policySchema>
