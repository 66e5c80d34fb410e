import { type AdvisoryFact, type PackageName, shortNameOf } from '../../protocol/index.ts'
import type { PackageAdvisory } from '../advisories/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { parseSpec } from './find-package.ts'

type Context = Pick<NodeContext, 'advisories' | 'audit'>

/** One advisory as it is listed. */
export interface ListedAdvisory {
  readonly id: string
  readonly kind: AdvisoryFact['kind']
  readonly severity: AdvisoryFact['severity']
  readonly packages: readonly string[]
  readonly summary: string
  /** The first version without it, where one version was asked about; null: none is known. */
  readonly fixed?: string | null
  readonly url: string | null
  /** When it was last changed, ISO 8601. */
  readonly modified: string
}

/** How many advisories a node holds, and how old its news are. */
export interface AdvisorySums {
  readonly held: number
  readonly malware: number
  /** When the newest was last changed, ISO 8601; null: none was ever imported. */
  readonly newest: string | null
}

export function advisorySums({ advisories }: Pick<NodeContext, 'advisories'>): AdvisorySums {
  const { held, malware, newest } = advisories.sums
  return { held, malware, newest: newest === null ? null : isoOf(newest) }
}

/** Advisories, malware first: the first of all, those of a package, or those that name one version of it. @throws NodeError E_PURL */
export async function listAdvisories(
  node: Context,
  { purl, limit }: { readonly purl?: string; readonly limit: number },
): Promise<AdvisorySums & { readonly advisories: readonly ListedAdvisory[] }> {
  const found = purl === undefined ? await node.advisories.list(limit) : ofSpec(node, purl)
  return { ...advisorySums(node), advisories: found.slice(0, limit).map(listedOf) }
}

/** Takes an advisory out, until whoever publishes it changes it. @throws NodeError E_NOT_FOUND */
export async function removeAdvisory(node: Context, id: string, who: string): Promise<ListedAdvisory> {
  const removed = await node.advisories.remove(id)
  if (removed === null) {
    throw new NodeError('E_NOT_FOUND', `no advisory ${id} is held here`, { hint: 'hanse advisory list' })
  }
  const packages = removed.packages.slice(0, 20).map(shortNameOf)
  await node.audit.append({ at: Date.now(), who, what: 'advisory.remove', id, packages })
  return listedOf(removed)
}

type Held = Omit<PackageAdvisory, 'spans' | 'versions'> & {
  readonly packages: readonly PackageName[]
  readonly fixed?: string | null
}

function ofSpec({ advisories }: Context, purl: string): readonly Held[] {
  const { package: name, range } = parseSpec(purl)
  if (range === null) return advisories.ofPackage(name).map(advisory => ({ ...advisory, packages: [name] }))
  return advisories.matchesOf(name, range).map(({ advisory, fixed }) => ({ ...advisory, packages: [name], fixed }))
}

function listedOf({ id, kind, severity, packages, summary, fixed, url, modified }: Held): ListedAdvisory {
  const names = packages.map(shortNameOf)
  const more = fixed === undefined ? {} : { fixed }
  return { id, kind, severity, packages: names, summary, ...more, url, modified: isoOf(modified) }
}

const isoOf = (ms: number): string => new Date(ms).toISOString()
