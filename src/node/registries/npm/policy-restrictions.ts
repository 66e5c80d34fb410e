import semver from 'semver'
import { z } from 'zod'
import type { Verdict } from '../../../protocol/index.ts'
import { refusalTextOf } from '../../policy/refusal-text.ts'
import type { PackumentDocument } from './npm-source.ts'

/** Versions whose reasons a refusal spells out; the newest ones, because those are asked for. */
const MAX_TOLD_VERSIONS = 5
/** Characters of what an upstream says of its own refusals. */
const MAX_UPSTREAM_CHARS = 500

/** What npm 10 and later print instead of "no matching version": an entry needs its `version`, or npm breaks. */
interface PolicyRestrictions {
  readonly message: string
  readonly versions: Readonly<Record<string, { readonly name: string; readonly version: string }>>
}

const upstreamSchema = z.object({ message: z.string().min(1), versions: z.record(z.string(), z.unknown()) })

/**
 * What is withheld of a document, here and by an upstream that does the same. An upstream's words are told as its own, and
 * never of a version that it lists: npm would refuse what may be installed. null: nothing is withheld.
 */
export function policyRestrictionsOf(
  document: PackumentDocument,
  withheld: ReadonlyMap<string, Verdict>,
): PolicyRestrictions | null {
  const there = upstreamRestrictionsOf(document)
  const messages = [...(withheld.size === 0 ? [] : [messageOf(document.name, withheld)]), ...there.messages]
  if (messages.length === 0) return null
  const entries = [...withheld.keys(), ...there.versions].map(
    version => [version, { name: document.name, version }] as const,
  )
  return { message: messages.join('; '), versions: Object.fromEntries(entries) }
}

function upstreamRestrictionsOf({ policyRestrictions, versions }: PackumentDocument) {
  const parsed = upstreamSchema.safeParse(policyRestrictions)
  const hidden = parsed.success
    ? Object.keys(parsed.data.versions).filter(each => semver.parse(each) !== null && !Object.hasOwn(versions, each))
    : []
  if (!parsed.success || hidden.length === 0) return { messages: [], versions: [] }
  const said = parsed.data.message.slice(0, MAX_UPSTREAM_CHARS).replace(/[\p{C}\s]+/gu, ' ')
  return { messages: [`the upstream says: ${said}`], versions: hidden }
}

function messageOf(name: string, withheld: ReadonlyMap<string, Verdict>): string {
  const newest = newestFirst(withheld)
  const told = Map.groupBy(newest.slice(0, MAX_TOLD_VERSIONS), ([, verdict]) => refusalTextOf(verdict))
  const lines = [...told].map(([text, group]) =>
    group.length === 1
      ? `${group[0]?.[0]} ${text}`
      : `${group.map(([version]) => version).join(', ')} ${text.replace(/^is/, 'are')}`,
  )
  const more = newest.slice(MAX_TOLD_VERSIONS).map(([, verdict]) => verdict)
  const rules = new Set(more.flatMap(({ reasons }) => reasons.map(({ rule }) => rule)))
  if (more.length > 0) lines.push(`and ${more.length} more (${[...rules].join(', ')})`)
  return `${lines.join('; ')}; hanse why npm:${name}@${newest[0]?.[0] ?? 'VERSION'}`
}

/** Each version is read once: an upstream may list 100,000. */
function newestFirst(withheld: ReadonlyMap<string, Verdict>): (readonly [string, Verdict])[] {
  const parsed = [...withheld].map(entry => ({ entry, version: semver.parse(entry[0], { loose: true }) }))
  const ordered = parsed.toSorted(({ version: a }, { version: b }) =>
    a === null || b === null ? Number(a === null) - Number(b === null) : b.compare(a),
  )
  return ordered.map(({ entry }) => entry)
}
