/** Rules of the policy file, by the name that reasons tell and waivers use. */
const CONFIGURED_RULES = [
  'malware',
  'advisory',
  'deny',
  'lookAlike',
  'minimumAge',
  'licence',
  'installScripts',
  'deprecated',
  'size',
] as const
export type ConfiguredRule = (typeof CONFIGURED_RULES)[number]

/** What a waiver may name: a dispute about bytes too, which somebody has to decide. */
export const WAIVABLE_RULES: readonly string[] = [...CONFIGURED_RULES, 'origin']
/** What a waiver of all rules means: what is said to be malware, or to have other bytes, is let in by its own name only. */
export const WAIVED_BY_ALL: readonly string[] = CONFIGURED_RULES.filter(rule => rule !== 'malware')
