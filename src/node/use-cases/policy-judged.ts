import { type PackageName, type Reason, type RouteAnswer, shortNameOf, type Verdict } from '../../protocol/index.ts'
import { CodedError } from '../coded-error.ts'
import type { NodeContext } from '../node-context.ts'
import type { FactSources, PackageSource } from '../policy/facts.ts'
import { judgeOf } from '../policy/judge-releases.ts'
import { RegistryRouter } from '../registries/npm/registry-router.ts'

/** Packages asked about at once: as many requests as an npm client sends. */
const MAX_AT_ONCE = 16
/** How long one package's document may take, ms. */
const ANSWER_MS = 60_000

/** A release to be judged. */
export interface JudgedRelease {
  readonly package: PackageName
  readonly version: string
  /** The moment it is judged at, ms since 1970. */
  readonly at: number
}

/** What the rules say of a release, whether they bind now or not. */
export interface RefusedRelease {
  readonly package: string
  readonly version: string
  readonly decision: 'hold' | 'deny'
  /** The first rule that objects, its words, and its line of policy.yaml. */
  readonly rule: string
  readonly message: string
  readonly line: number | null
  /** When it ends by itself, ISO 8601; null: when somebody decides. */
  readonly until: string | null
  readonly hint: string | null
}

export interface Judged {
  readonly refused: readonly RefusedRelease[]
  /** Releases that no source here has. */
  readonly unknown: readonly { readonly package: string; readonly version: string }[]
  /** Packages whose source gave no answer, and why. */
  readonly unanswered: readonly { readonly package: string; readonly code: string; readonly message: string }[]
}

/** Judges releases as an install would find them; upstreams are asked for their documents, some at a time. */
export async function judgeAll(
  node: NodeContext,
  sources: FactSources,
  releases: readonly JudgedRelease[],
  signal: AbortSignal,
): Promise<Judged> {
  const byPackage = Map.groupBy(releases, release => release.package)
  const waiting = byPackage.entries()
  const judged = { refused: [], unknown: [], unanswered: [] } satisfies Mutable
  const worker = async () => {
    for (const [name, group] of waiting) {
      signal.throwIfAborted()
      await judgePackage(node, sources, { name, group, judged, signal })
    }
  }
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, worker))
  return sorted(judged)
}

interface Mutable {
  readonly refused: RefusedRelease[]
  readonly unknown: { package: string; version: string }[]
  readonly unanswered: { package: string; code: string; message: string }[]
}

interface Work {
  readonly name: PackageName
  readonly group: readonly JudgedRelease[]
  readonly judged: Mutable
  readonly signal: AbortSignal
}

async function judgePackage(node: NodeContext, sources: FactSources, { name, group, judged, signal }: Work) {
  const short = shortNameOf(name)
  let source: PackageSource | null
  try {
    source = await sourceOf(node, name, signal)
  } catch (error) {
    signal.throwIfAborted()
    const code = error instanceof CodedError ? error.code : 'E_UPSTREAM_FAILED'
    judged.unanswered.push({ package: short, code, message: error instanceof Error ? error.message : '' })
    return
  }
  const rules = node.policy.inForce()
  for (const { version, at } of group) {
    if (source === null || !isThere(node, source, version)) {
      judged.unknown.push({ package: short, version })
      continue
    }
    const { verdict } = judgeOf(sources, source, rules, at)(version)
    const refused = refusedOf(short, version, verdict)
    if (refused !== null) judged.refused.push(refused)
  }
}

/** Where a package comes from, and what an upstream lists of it; null: the upstream has no such package. */
async function sourceOf(node: NodeContext, name: PackageName, signal: AbortSignal): Promise<PackageSource | null> {
  const route = node.routes.resolve(name)
  if (route.to !== 'upstream') return { package: name, route, versions: null }
  const npmName = shortNameOf(name).replace(/^npm:/, '')
  const { source } = new RegistryRouter(node, node.upstreams).sourceOf(npmName)
  const packument = await source.packument(npmName, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]))
  return packument === null ? null : { package: name, route, versions: packument.versions ?? new Map() }
}

/** A name without a route is known to be refused. */
function isThere(node: NodeContext, { package: name, route, versions }: PackageSource, version: string): boolean {
  if (route.to === 'refused') return true
  if (versions !== null) return versions.has(version)
  return node.library.package(publisherOf(route), name)?.releases.has(version) ?? false
}

const publisherOf = (route: RouteAnswer) => {
  if (route.to !== 'publisher') throw new TypeError('an upstream’s versions are listed')
  return route.publisher
}

function refusedOf(name: string, version: string, { decision, until = null, reasons }: Verdict): RefusedRelease | null {
  const [reason] = reasons
  if (decision === 'allow' || reason === undefined) return null
  return {
    ...{ package: name, version, decision, rule: reason.rule, message: reason.message },
    ...{ line: lineOf(reason), hint: reason.hint ?? null },
    until: until === null ? null : new Date(until).toISOString(),
  }
}

const lineOf = ({ line }: Reason): number | null => line ?? null

function sorted({ refused, unknown, unanswered }: Mutable): Judged {
  const byName = (a: { package: string }, b: { package: string }) =>
    a.package < b.package ? -1 : a.package > b.package ? 1 : 0
  return {
    refused: refused.toSorted(byName),
    unknown: unknown.toSorted(byName),
    unanswered: unanswered.toSorted(byName),
  }
}
