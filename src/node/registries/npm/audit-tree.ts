import type { Readable } from 'node:stream'
import type { Advisories } from '../../advisories/index.ts'
import { NodeError } from '../../errors.ts'
import { npmAdvisoryOf } from './advisories-bulk.ts'
import { readAuditBody, tooLarge } from './audit-body.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'
import { npmPackageOf } from './npm-package.ts'

/** Packages of one tree, each as often as it is installed. */
const MAX_INSTALLED = 100_000
/** Places named for one advisory, and packages from the project down to one place: people read the first few. */
const MAX_PLACES = 100
const MAX_DEPTH = 50

/** A package in the tree that a client sent. */
interface Installed {
  readonly name: string
  readonly version: string
  /** The package that it is installed for; null: the project. */
  readonly parent: Installed | null
}

interface Finding {
  readonly id: number
  readonly advisory: object
  readonly severity: string
  readonly name: string
  readonly places: Installed[]
}

/** Answers the audit of older clients, which send their whole tree: yarn 1, pnpm, npm 6. */
export async function answerTreeAudit(
  advisories: Pick<Advisories, 'matchesOf'>,
  body: Readable,
  encoding: string | undefined,
): Promise<NpmAnswer> {
  const installed = installedOf(await readAuditBody(body, encoding))
  const findings = [...findingsOf(advisories, installed).values()]
  const vulnerabilities: Record<string, number> = { info: 0, low: 0, moderate: 0, high: 0, critical: 0 }
  for (const { severity, places } of findings)
    vulnerabilities[severity] = (vulnerabilities[severity] ?? 0) + places.length
  const counts = { dependencies: installed.length, devDependencies: 0, optionalDependencies: 0 }
  return jsonAnswer(
    {
      actions: findings.map(({ id, name, places }) => ({
        action: 'review',
        module: name,
        resolves: places.map(each => ({ id, path: pathOf(each), dev: false, optional: false, bundled: false })),
      })),
      advisories: Object.fromEntries(findings.map(({ id, advisory }) => [id, advisory])),
      muted: [],
      metadata: { vulnerabilities, ...counts, totalDependencies: installed.length },
    },
    200,
    { 'cache-control': 'no-store' },
  )
}

/** @throws NodeError E_USAGE, E_TOO_LARGE */
export function installedOf(tree: unknown): readonly Installed[] {
  if (!isRecord(tree)) throw new NodeError('E_USAGE', 'the body is not a tree of packages')
  const found: Installed[] = []
  const open: { readonly node: Readonly<Record<string, unknown>>; readonly parent: Installed | null }[] = []
  open.push({ node: tree, parent: null })
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!isRecord(next.node.dependencies)) continue
    for (const [name, node] of Object.entries(next.node.dependencies)) {
      if (!isRecord(node)) continue
      if (found.length >= MAX_INSTALLED) throw tooLarge()
      const version = typeof node.version === 'string' && node.version.length <= 256 ? node.version : ''
      const installed = { name, version, parent: next.parent }
      found.push(installed)
      open.push({ node, parent: installed })
    }
  }
  return found
}

/** Names from the project down, joined by `>`. */
function pathOf(installed: Installed): string {
  const names: string[] = []
  for (let at: Installed | null = installed; at !== null && names.length < MAX_DEPTH; at = at.parent)
    names.unshift(at.name)
  return names.join('>')
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function findingsOf(
  advisories: Pick<Advisories, 'matchesOf'>,
  installed: readonly Installed[],
): ReadonlyMap<string, Finding> {
  const findings = new Map<string, Finding>()
  for (const each of installed) {
    const purl = npmPackageOf(each.name)
    for (const { advisory, fixed } of purl === null ? [] : advisories.matchesOf(purl, each.version)) {
      const key = `${advisory.id} ${each.name}`
      const known = findings.get(key) ?? findingOf(each, npmAdvisoryOf(each.name, advisory, [each.version]), fixed)
      if (known.places.length < MAX_PLACES) known.places.push(each)
      findings.set(key, known)
    }
  }
  for (const finding of findings.values()) Object.assign(finding.advisory, { findings: placesOf(finding.places) })
  return findings
}

function findingOf({ name }: Installed, npm: ReturnType<typeof npmAdvisoryOf>, fixed: string | null): Finding {
  const patched = fixed === null ? '<0.0.0' : `>=${fixed}`
  const recommendation = fixed === null ? 'No fix is known' : `Upgrade to version ${fixed} or later`
  const more = {
    module_name: name,
    patched_versions: patched,
    recommendation,
    overview: npm.title,
    access: 'public',
    cves: [],
  }
  return { id: npm.id, advisory: { ...npm, ...more, deleted: null }, severity: npm.severity, name, places: [] }
}

/** Places by version, as `findings` of an advisory has them. */
function placesOf(places: readonly Installed[]): readonly object[] {
  const byVersion = Map.groupBy(places, ({ version }) => version)
  return [...byVersion].map(([version, those]) => ({
    ...{ version, paths: those.map(pathOf), dev: false, optional: false, bundled: false },
  }))
}
