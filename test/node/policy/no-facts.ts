import type { FactSources } from '../../../src/node/policy/facts.ts'
import type { Judgement, PublisherId, Verdict } from '../../../src/protocol/index.ts'

/** A node that knows nothing of any release. */
export const NO_FACTS: FactSources = {
  library: { package: () => null },
  policy: { exemptionOf: () => null },
  advisories: { of: () => [], revisionOf: () => '' },
  lookAlikes: { of: () => null },
  own: 'bafyown' as PublisherId,
  sharing: { disputeOf: () => null },
  purges: { whyNot: () => null, revision: '' },
}

/** Hears what doors tell, and keeps it. */
export function listener() {
  const withheld: { version: string; rule: string; who: string; enforced: boolean }[] = []
  const installed: { purl: string; version: string; who: string }[] = []
  return {
    withheld,
    installed,
    verdicts: { note: (entry: (typeof withheld)[number]) => void withheld.push(entry) },
    installs: { note: (entry: (typeof installed)[number]) => void installed.push(entry) },
  }
}

/** A verdict that binds, and changes when its hold ends. */
export const binding = (verdict: Verdict): Judgement => ({
  verdict,
  enforced: verdict,
  changesAt: verdict.until ?? null,
})
