import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { npmRangeOf } from '../../../protocol/index.ts'
import type { Advisories, PackageAdvisory } from '../../advisories/index.ts'
import { NodeError } from '../../errors.ts'
import { readAuditBody, tooLarge } from './audit-body.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'
import { npmPackageOf } from './npm-package.ts'

/** Names and versions of one question: no lock file seen has more than a tenth. */
const MAX_NAMES = 50_000
const MAX_VERSIONS = 100_000

/** What npm asks: names, each with the versions that are installed. */
type AuditQuestion = readonly (readonly [name: string, versions: readonly string[]])[]

/** Answers `npm audit`: for each name the advisories against one of its versions; names without any are left out. */
export async function answerBulkAdvisories(
  advisories: Pick<Advisories, 'matchesOf'>,
  body: Readable,
  encoding: string | undefined,
): Promise<NpmAnswer> {
  const question = questionOf(await readAuditBody(body, encoding))
  const answers = question.flatMap(([name, versions]) => {
    const found = advisoriesOf(advisories, name, versions)
    return found.length === 0 ? [] : [[name, found] as const]
  })
  return jsonAnswer(Object.fromEntries(answers), 200, { 'cache-control': 'no-store' })
}

/** @throws NodeError E_USAGE, E_TOO_LARGE */
function questionOf(value: unknown): AuditQuestion {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject) throw new NodeError('E_USAGE', 'the body is not an object of names and versions')
  const entries = Object.entries(value)
  let versions = 0
  for (const [, asked] of entries) versions += Array.isArray(asked) ? asked.length : 0
  if (entries.length > MAX_NAMES || versions > MAX_VERSIONS) throw tooLarge()
  return entries.map(([name, asked]) => {
    const texts = Array.isArray(asked) ? asked.filter(version => typeof version === 'string') : []
    return [name, texts.filter(version => version.length <= 256)]
  })
}

function advisoriesOf(
  advisories: Pick<Advisories, 'matchesOf'>,
  name: string,
  versions: readonly string[],
): readonly object[] {
  const purl = npmPackageOf(name)
  if (purl === null) return []
  const found = new Map<string, { readonly advisory: PackageAdvisory; readonly versions: string[] }>()
  for (const version of versions) {
    for (const { advisory } of advisories.matchesOf(purl, version)) {
      const known = found.get(advisory.id) ?? { advisory, versions: [] }
      known.versions.push(version)
      found.set(advisory.id, known)
    }
  }
  return [...found.values()].map(({ advisory, versions: hit }) => npmAdvisoryOf(name, advisory, hit))
}

/** npm knows no severity `unknown`, and takes an advisory without one for a high one. */
export function npmAdvisoryOf(name: string, advisory: PackageAdvisory, versions: readonly string[]) {
  const { id, kind, severity, summary, url, cwe, cvss } = advisory
  const listed = new Set(advisory.versions)
  return {
    id: numberOf(`${id} ${name}`),
    url: url ?? id,
    title: kind === 'malware' ? `Malware: ${summary}` : summary,
    severity: severity === 'unknown' ? 'high' : severity,
    vulnerable_versions: npmRangeOf(
      advisory,
      versions.filter(version => listed.has(version)),
    ),
    cwe,
    cvss: { score: cvss?.score ?? 0, vectorString: cvss?.vector ?? null },
  }
}

/** Clients know what an advisory says of a package by a number: the same at every node. */
const numberOf = (what: string): number => createHash('sha256').update(what).digest().readUIntBE(0, 6)
