/** Bytes of policy.yaml: a thousand entries with their reasons, and room for comments. */
export const MAX_POLICY_BYTES = 256 * 1024
/** Entries of one list of policy.yaml; each is compared with every version that is judged. */
export const MAX_LIST_ENTRIES = 1_000
/** Waivers made by commands; as with lists, each is compared with every version. */
export const MAX_WAIVERS = 1_000
/** Characters of a reason, name or licence that a person wrote. */
export const MAX_REASON_CHARS = 500
/** Names of rules in one waiver. */
export const MAX_WAIVED_RULES = 32
/** Hours that a release waits where the policy does not say how long. */
export const DEFAULT_AGE_HOURS = 72
/** Hours a policy may ask a release to wait; a year, beyond which it is a refusal with another name. */
export const MAX_AGE_HOURS = 365 * 24
/** Releases that stay allowed because accepted lock files name them; a large monorepo has 5,000. */
export const MAX_ACCEPTED_RELEASES = 100_000
/** Characters of their names and versions together: the file they are kept in stays below that of any state. */
export const MAX_ACCEPTED_CHARS = 8 * 2 ** 20
/** Changes of policy that can be rolled back. */
export const MAX_HISTORY = 20
/** How long enforcement may be put off by a command: longer is a policy and belongs in policy.yaml; ms. */
export const MAX_DRY_RUN_MS = 30 * 24 * 60 * 60 * 1_000
/** Between two looks at policy.yaml that nobody asked for, ms: changes are reported by the system, this is for those that are not. */
export const LOOK_EVERY_MS = 1_000
/** How long a missing or broken policy.yaml may be one that is just being written, ms: editors replace files in steps. */
export const SETTLE_MS = 200
