import { join } from 'node:path'
import semver from 'semver'
import { parsePurl, releaseNameOf, shortNameOf } from '../../protocol/index.ts'
import { forgetTarballs, type Purge, referenceSchema, removeBodies } from '../cache/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { npmPackageOf } from '../registries/npm/npm-package.ts'
import { parseSpec } from './find-package.ts'
import { isDigest, type PurgeTarget, targetOfDigest, targetsOfVersion } from './purge-targets.ts'

const EXAMPLE = "hanse purge npm:left-pad@1.0.0 --legal 'case 12/345'"

/** What stands, newest last. */
export const listPurges = (node: NodeContext): readonly object[] => node.purges.list().map(shownPurge)

/**
 * Removes bytes for good, and what leads to them: never fetched, mirrored, taken or served again until `undoPurge`. Records stay.
 * @throws NodeError E_PURL, E_USAGE
 */
export async function purge(node: NodeContext, what: string, legal: string, who: string): Promise<object> {
  const decision = { at: Date.now(), who, reference: referenceOf(legal) }
  // Denied first, by name: what is on its way here tells its digest when it has come, and goes.
  const named = isDigest(what) ? [] : [{ ...decision, cid: null, sha256: null, names: [versionOf(what)] }]
  await node.purges.add(named)
  const targets = isDigest(what) ? [await targetOfDigest(node, what)] : await targetsOf(node, what)
  const purges = targets.map((target): Purge => ({ ...decision, ...target }))
  await node.purges.replace(named, purges)
  for (const each of purges) await removeBytes(node, each)
  for (const each of purges) await node.audit.append({ ...auditLineOf(each), what: 'purge', at: decision.at, who })
  const others = targets.flatMap(({ names }) => names.map(nameText)).filter(name => name !== what)
  return {
    purged: purges.map(shownPurge),
    ...(isDigest(what) || others.length === 0 ? {} : { warning: `the same bytes are known as ${others.join(', ')}` }),
  }
}

/** @throws NodeError E_USAGE for a text that no client can be told */
function referenceOf(legal: string): string {
  const reference = referenceSchema.safeParse(legal)
  if (reference.success) return reference.data
  throw new NodeError('E_USAGE', `the reference ${reference.error.issues[0]?.message ?? 'cannot be used'}`, {
    hint: EXAMPLE,
  })
}

/** Lets bytes come again. @throws NodeError E_NOT_FOUND */
export async function undoPurge(node: NodeContext, what: string, who: string): Promise<object> {
  const isMeant = isDigest(what)
    ? ({ cid, sha256 }: Purge) => cid === what || sha256 === what
    : ({ names }: Purge) => names.some(name => nameText(name) === nameText(versionOf(what)))
  const meant = node.purges.list().filter(isMeant)
  if (meant.length === 0) {
    throw new NodeError('E_NOT_FOUND', `${what.slice(0, 120)} was not purged here`, { hint: 'hanse purge --list' })
  }
  await node.purges.remove(meant)
  for (const each of meant) await node.audit.append({ ...auditLineOf(each), what: 'purge.undo', at: Date.now(), who })
  return { undone: meant.map(shownPurge) }
}

async function targetsOf(node: NodeContext, what: string): Promise<readonly PurgeTarget[]> {
  const { purl, version } = versionOf(what)
  return await targetsOfVersion(node, purl, version)
}

/** A package at exactly one version. @throws NodeError E_PURL, E_USAGE */
function versionOf(text: string) {
  const { package: purl, range } = parseSpec(text)
  const parsed = parsePurl(purl)
  const isNpm = parsed.ok && parsed.value.type === 'npm'
  const isVersion = range !== null && releaseNameOf(purl, range) !== null && (!isNpm || semver.valid(range) !== null)
  if (isVersion) return { purl, version: range }
  throw new NodeError('E_USAGE', `${text.slice(0, 120)} names no version: purge one at a time`, { hint: EXAMPLE })
}

async function removeBytes(node: NodeContext, { cid, sha256, names }: Purge): Promise<void> {
  for (const name of names) await node.pins.remove(name)
  await node.purgeBytes({ cid, sha256 })
  const purls = new Set<string>(names.map(({ purl }) => purl))
  await removeBodies(join(node.paths.home, 'bodies', 'npm'), ({ name }) => purls.has(npmPackageOf(name) ?? ''))
  if (sha256 === null) return
  await forgetTarballs(node.database, row => row.sha256 === sha256)
  const cached = await node.ledger.entries()
  await node.ledger.forget(cached.filter(each => each.sha256 === sha256))
}

const nameText = ({ purl, version }: { readonly purl: string; readonly version: string }): string =>
  `${shortNameOf(purl)}@${version}`

function shownPurge({ at, who, reference, cid, sha256, names }: Purge): object {
  return { reference, cid, sha256, names: names.map(nameText), at, who }
}

function auditLineOf({ reference, cid, sha256, names }: Purge) {
  return { reference, cid, sha256, names: names.map(nameText) }
}
