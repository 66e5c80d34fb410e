import type { Command } from '../command.ts'
import { type SpentQuota, spentLine } from '../spent-quota.ts'
import { linesOf, partsOf, tableOf, type View } from '../view.ts'
import { copiesText, FOLLOW_MIRROR_HELP } from './federation.ts'

interface InfoAnswer {
  readonly purl: string
  readonly publishers: readonly {
    readonly id: string
    readonly name: string | null
    readonly relation: unknown
    /** Of an unknown publisher. */
    readonly spent?: SpentQuota
    readonly versions: readonly {
      readonly version: string
      readonly state: unknown
      readonly artifacts: readonly unknown[]
      /** Why its bytes were removed here and do not come again; absent where they were not. */
      readonly purged?: string
    }[]
    /** Packages known here that need it, and installs through this node; absent where it is not held. */
    readonly dependents?: number
    readonly installs?: number
    /** Copies of the newest release, and those proven by a check; null for none. */
    readonly replication?: {
      readonly copies: number
      readonly proven: number
      /** Others that said just now that they have it; absent from an older node. */
      readonly answered?: number
      /** Others that are signed to have it, and are no copies to count on; absent from an older node. */
      readonly claimed?: number
      /** Enough, as this node was told; null: no number is wanted. */
      readonly wanted?: number | null
    } | null
    /** false: seen in search answers of peers alone; its records are not here. */
    readonly held: boolean
  }[]
  readonly holders: readonly string[]
  readonly looksLike?: { readonly of: string; readonly how: string } | null
  readonly advisories?: readonly {
    readonly id: string
    readonly kind: string
    readonly severity: string
    readonly summary: string
  }[]
}

/** `hanse info PURL`: every publisher of a package, its versions and who holds the bytes. */
export const infoCommand: Command = {
  name: 'info',
  summary: 'show the publishers, versions and holders of a package',
  examples: ['hanse info npm:@acme/x'],
  args: [{ name: '<purl>', text: 'pkg:npm/%40acme/x or npm:@acme/x' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call<InfoAnswer>('GET', '/api/info', { query: { purl: args[0] } }) }
  },
  view: (data: InfoAnswer) =>
    partsOf(
      linesOf(data.purl, ...warningsOf(data)),
      ...data.publishers.flatMap(publisherView),
      linesOf(`holders: ${data.holders.length}`, ...data.holders),
    ),
}

function warningsOf({ looksLike = null, advisories = [] }: InfoAnswer): string[] {
  const like = looksLike === null ? [] : [`looks like ${looksLike.of}: ${looksLike.how}`]
  return [...like, ...advisories.map(({ id, kind, severity, summary }) => `${kind} ${id} (${severity}): ${summary}`)]
}

function publisherView({
  id,
  name,
  relation,
  spent,
  versions,
  held,
  ...use
}: InfoAnswer['publishers'][number]): View[] {
  const shown = typeof relation === 'string' ? relation : JSON.stringify(relation)
  return [
    linesOf(`publisher ${name ?? ''} ${id} ${shown}${held ? '' : ', not held here: seen in answers of peers'}`),
    ...(spent ? [linesOf(spentLine(spent, id))] : []),
    ...(held ? [linesOf(`dependents: ${use.dependents ?? 0}, installs through this node: ${use.installs ?? 0}`)] : []),
    ...copiesView(use.replication ?? null),
    tableOf(
      ['VERSION', 'STATE', 'FILES'],
      versions.map(({ version, state, purged, artifacts }) => [
        version,
        purged === undefined ? state : `${state}, purged: ${purged}`,
        artifacts.length,
      ]),
      'no versions',
    ),
  ]
}

function copiesView(replication: InfoAnswer['publishers'][number]['replication']): View[] {
  if (replication == null) return []
  const { copies, proven, wanted, answered = 0, claimed = 0 } = replication
  const known = `copies of the newest release: ${copiesText(copies, wanted)} known, ${proven} proven`
  const more = [
    ...(answered === 0 ? [] : [`${answered} more answered just now that they have it, by their own word alone`]),
    ...(claimed === 0 ? [] : [`${claimed} more claimed, not counted: ${CLAIMED_BY}`]),
  ]
  const isFew = copies < Math.max(MIN_SAFE_COPIES, wanted ?? 0)
  return [
    linesOf(
      [`${known}${answered === 0 ? lossOf(copies) : ''}`, ...more].join('; '),
      ...(isFew && more.length > 0 ? [`help: ${FOLLOW_MIRROR_HELP}`] : []),
    ),
  ]
}

const CLAIMED_BY = 'signed by strangers and unchecked, or not heard of for a day'

/** Fewer are one loss away from gone. */
const MIN_SAFE_COPIES = 2

const lossOf = (copies: number): string =>
  copies === 0 ? ', nobody known has the bytes' : copies < MIN_SAFE_COPIES ? ', one loss away from gone' : ''
