import type {
  AdvisoryFact,
  LookAlike,
  ManifestFacts,
  PackageName,
  PackageState,
  PolicyFacts,
  PublisherId,
  ReleaseState,
  RouteAnswer,
} from '../../protocol/index.ts'
import type { VersionFacts } from './version-facts.ts'

/** Where facts come from: the parts of a node that know them. */
export interface FactSources {
  readonly library: { package(publisher: PublisherId, name: PackageName): PackageState | null }
  readonly policy: {
    exemptionOf(name: PackageName, version: string, firstSeen: number | null): PolicyFacts['exemption']
  }
  readonly advisories: {
    of(name: PackageName, version: string): readonly AdvisoryFact[]
    revisionOf(name: PackageName): string
  }
  readonly lookAlikes: { of(name: PackageName): LookAlike | null }
  /** This node's own publisher. */
  readonly own: PublisherId
  /** What is disputed is in the revision of each document. */
  readonly sharing: { disputeOf(name: PackageName, version: string): string | null }
  /** What was removed for legal reasons, and why; no rule and no waiver changes that. */
  readonly purges: { whyNot(name: PackageName, version: string): string | null; readonly revision: string }
}

/** A package, and where it comes from. */
export interface PackageSource {
  readonly package: PackageName
  readonly route: RouteAnswer
  /** What the upstream that the route leads to lists; null: it was not asked, or a publisher's records say it. */
  readonly versions: ReadonlyMap<string, VersionFacts> | null
}

/**
 * What is known of the versions of one package: the one way in which facts are gathered, for registry fronts, `install`,
 * `why` and the checks of lock files. A publisher's releases have no time of arrival in the records, so none is first seen:
 * the minimum age is a rule for upstreams' names.
 */
export function factsOf(sources: FactSources, source: PackageSource): (version: string) => PolicyFacts {
  const { package: name, route, versions } = source
  const { library, policy, advisories, lookAlikes, sharing, own } = sources
  const state = route.to === 'publisher' ? library.package(route.publisher, name) : null
  // Whoever takes a company's private name in a public registry gets it an advisory: that one is not about this node's own package.
  const isOwn = route.to === 'publisher' && route.publisher === own
  const lookAlike = route.to === 'upstream' ? lookAlikes.of(name) : null
  return version => {
    const release = state?.releases.get(version) ?? null
    const listed = versions?.get(version) ?? null
    return {
      ...{ package: name, version, route, release, lookAlike },
      manifest: release === null ? (listed?.manifest ?? null) : manifestFactsOfRelease(release),
      firstSeen: listed?.firstSeen ?? null,
      witnessed: null,
      advisories: isOwn ? [] : advisories.of(name, version),
      exemption: policy.exemptionOf(name, version, listed?.firstSeen ?? null),
      dispute: sharing.disputeOf(name, version),
    }
  }
}

/** Changes when a fact about a package does that no document and no record says. */
export function factsRevisionOf({ advisories, lookAlikes, purges }: FactSources, name: PackageName): string {
  const { of, how } = lookAlikes.of(name) ?? { of: '', how: '' }
  return JSON.stringify([advisories.revisionOf(name), of, how, purges.revision])
}

/** A signed record says that scripts run, and not which. */
const SCRIPTS: readonly string[] = ['install scripts']

function manifestFactsOfRelease({ summary, deprecated, artifacts }: ReleaseState): ManifestFacts {
  const sizes = artifacts.map(({ artifact }) => artifact.size)
  return {
    licence: summary.license ?? null,
    installScripts: summary.scripts === true ? SCRIPTS : [],
    deprecated,
    bytes: sizes.length === 0 ? null : Math.max(...sizes),
    unpackedBytes: null,
  }
}
