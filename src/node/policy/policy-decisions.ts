import { z } from 'zod'
import { releasePatternText, type Waiver } from '../../protocol/index.ts'
import { MAX_WAIVERS } from './limits.ts'
import { releasePatternSchema, shortTextSchema, waivedRulesSchema } from './policy-schema.ts'

const time = z.int().nonnegative()

/** A waiver that a command made; beside what rules read, a name to take it back by. */
const waiverSchema = z.strictObject({
  id: z.string().regex(/^w[1-9]\d{0,8}$/),
  match: releasePatternSchema,
  rules: waivedRulesSchema,
  who: shortTextSchema,
  why: shortTextSchema,
  until: time.nullable(),
  at: time,
})

/** What commands decided beside policy.yaml; the file stays the operator's own text. */
export const decisionsSchema = z.strictObject({
  version: z.literal(1),
  /** `policy enforce`: the file's dry-run counts as enforce until its mode is edited. */
  enforced: z.strictObject({ who: shortTextSchema, at: time }).nullable(),
  /** `policy mode dry-run`: wins until it ends by itself. */
  dryRun: z.strictObject({ who: shortTextSchema, why: shortTextSchema, at: time, until: time }).nullable(),
  waivers: z.array(waiverSchema).max(MAX_WAIVERS),
  /** Waivers ever made: no name is used twice. */
  made: time,
})

export type Decisions = z.output<typeof decisionsSchema>
export type MadeWaiver = Decisions['waivers'][number]

export const NO_DECISIONS: Decisions = { version: 1, enforced: null, dryRun: null, waivers: [], made: 0 }

/** Decisions as they are written: patterns as text. */
export const decisionsJson = (decisions: Decisions): z.input<typeof decisionsSchema> => ({
  ...decisions,
  waivers: decisions.waivers.map(waiver => ({ ...waiver, match: releasePatternText(waiver.match) })),
})

/** What has not ended yet. */
export function liveDecisions(decisions: Decisions, now: number): Decisions {
  const { dryRun, waivers } = decisions
  return {
    ...decisions,
    dryRun: dryRun !== null && dryRun.until > now ? dryRun : null,
    waivers: waivers.filter(({ until }) => until === null || until > now),
  }
}

/** As the rules read it; none has a line. */
export const waiverOf = ({ match, rules, who, why, until }: MadeWaiver): Waiver => ({
  ...{ match, rules, who, why, until },
  line: null,
})
