import { z } from 'zod'
import { WAIVABLE_RULES } from '../../protocol/index.ts'
import { type ApiRoute, flag, none, purl, route, text } from './api-route.ts'

/** A line that a person wrote. */
const reason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^\P{Cc}*$/u, 'must be one line of text')
const span = text(40)
/** Packages of one question; commands ask in parts. */
const MAX_TESTED_PACKAGES = 500
const testBody = z.strictObject({
  locked: z
    .record(text(214), z.array(text(128)).min(1).max(1_000))
    .refine(locked => Object.keys(locked).length <= MAX_TESTED_PACKAGES, `at most ${MAX_TESTED_PACKAGES} packages`),
})
const modeBody = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('dry-run'), for: span, reason }),
  z.strictObject({ mode: z.literal('enforce') }),
])
const waiverBody = z.strictObject({
  match: purl,
  rules: z.union(
    [z.literal('all'), z.array(z.enum(WAIVABLE_RULES)).min(1).max(32)],
    `must be all, or some of ${WAIVABLE_RULES.join(', ')}`,
  ),
  why: reason,
  until: span.optional(),
})

/** Routes about the operator's rules. */
export const POLICY_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/policy', 'The policy in force, and where each part comes from', {}, s => s.policy.show()),
  route(
    'POST',
    '/api/policy/test',
    'What of a project’s locked releases would be refused',
    { body: testBody, scope: 'read' },
    (s, { body, signal }) => s.policy.test(body.locked, signal),
  ),
  route(
    'POST',
    '/api/policy/accepted',
    'Let locked releases stay allowed: JSON, versions by npm name, at most 8 MiB',
    { query: z.strictObject({ remove: flag }), binary: true },
    (s, { query, stream, who }) => s.policy.accept(stream, { remove: query.remove, who }),
  ),
  route(
    'POST',
    '/api/policy/enforce',
    'Enforce the rules; without `yes` only when nothing installed in the last 7 days would have been refused',
    { body: z.strictObject({ yes: z.boolean().default(false) }) },
    (s, { body, who, signal }) => s.policy.enforce({ yes: body.yes, who }, signal),
  ),
  route('POST', '/api/policy/mode', 'Refuse nothing for a time, or end that', { body: modeBody }, (s, { body, who }) =>
    s.policy.setMode(body, who),
  ),
  route('POST', '/api/policy/waivers', 'Let releases pass rules', { body: waiverBody }, (s, { body, who }) =>
    s.policy.waive(
      {
        match: body.match,
        rules: body.rules,
        why: body.why,
        ...(body.until === undefined ? {} : { until: body.until }),
      },
      who,
    ),
  ),
  route(
    'DELETE',
    '/api/policy/waivers',
    'Take back a waiver, by its id or its releases',
    { query: z.strictObject({ which: purl }) },
    (s, { query, who }) => s.policy.unwaive(query.which, who),
  ),
  route('POST', '/api/policy/rollback', 'Undo the last change of policy', { body: none }, (s, { who }) =>
    s.policy.rollback(who),
  ),
]
