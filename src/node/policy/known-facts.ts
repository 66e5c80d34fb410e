import {
  type ManifestFacts,
  matchesRelease,
  type PackageName,
  type PolicyDocument,
  type PolicyFacts,
} from '../../protocol/index.ts'

/** One fact as people read it, and who says so. */
export interface KnownFact {
  readonly fact: string
  readonly value: string
  readonly from: string
}

/** Characters of one value, which a stranger may have written. */
const MAX_VALUE_CHARS = 200

/** What a verdict was made of; `source`: who the release comes from, `claimed`: when it says it was published. What nobody said is left out. */
export function knownFactsOf(facts: PolicyFacts, source: string, claimed: string | null): readonly KnownFact[] {
  const { firstSeen, witnessed, manifest, advisories, lookAlike, exemption, dispute } = facts
  // A node that is new to a name believes an upstream's times where it is told to; what it saw itself is no such time.
  const isBelieved = claimed !== null && firstSeen !== null && Date.parse(claimed) === firstSeen
  const found: readonly (readonly [string, string | null, string])[] = [
    ['first seen', isoOf(firstSeen), isBelieved ? `${source} says so; its times are trusted` : 'this node’s clock'],
    ['witnessed', isoOf(witnessed), 'witnesses'],
    ['published', claimed, isBelieved ? source : `${source} claims it; it decides nothing`],
    ...manifestFactsOf(manifest).map(([fact, value]) => [fact, value, source] as const),
    ...advisories.map(({ id, kind, severity }) => [kind, `${id} (${severity})`, 'advisories held here'] as const),
    ['looks like', lookAlike && `${lookAlike.of} (${lookAlike.how})`, 'names known here'],
    ['exempt', EXEMPT[exemption ?? 'none'], 'this node'],
    ['digest', dispute, 'nodes that hold it'],
  ]
  return found.flatMap(([fact, value, from]) =>
    value === null ? [] : [{ fact, value: value.slice(0, MAX_VALUE_CHARS), from }],
  )
}

/** Who lets a release pass which rules, for how long, of a policy in force. */
export function waiverFactsOf({ waivers }: Pick<PolicyDocument, 'waivers'>, name: PackageName, version: string) {
  const ofRelease = waivers.filter(({ match }) => matchesRelease(match, name, version))
  return ofRelease.map(({ rules, who, why, until }): KnownFact => {
    const passes = rules === 'all' ? 'all rules but malware' : rules.join(', ')
    const value = `${passes}, ${until === null ? 'no end' : `until ${isoOf(until)}`}: ${why}`
    return { fact: 'waived', value: value.slice(0, MAX_VALUE_CHARS), from: who }
  })
}

const EXEMPT = {
  locked: 'in an accepted lock file: neither its age nor its name is judged',
  installed: 'installed through here before: neither its age nor its name is judged',
  none: null,
} as const

function manifestFactsOf(manifest: ManifestFacts | null): readonly (readonly [string, string | null])[] {
  if (manifest === null) return []
  const { licence, installScripts, deprecated, bytes, unpackedBytes } = manifest
  return [
    ['licence', licence ?? 'none'],
    ['runs on install', installScripts.length === 0 ? 'nothing' : installScripts.join(', ')],
    ['deprecated', deprecated],
    ['bytes', bytes === null ? null : String(bytes)],
    ['unpacked bytes', unpackedBytes === null ? null : String(unpackedBytes)],
  ]
}

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
