import type { Command } from '../command.ts'
import { type SpentQuota, spentLine } from '../spent-quota.ts'
import { linesOf, partsOf, tableOf, type View } from '../view.ts'

/** Peers named that say of themselves that they mirror a publisher: anybody may. */
const MAX_SHOWN_CLAIMS = 8

/** What makes the word of a mirror a copy that counts. */
export const FOLLOW_MIRROR_HELP =
  'hanse follow ID, the publisher of such a peer’s node (hanse status there prints it): what it signed counts, and is checked'

interface Mirror {
  readonly peer: string
  readonly isSelf: boolean
  readonly connected: boolean
  /** Artifacts that it is signed to hold; null or absent: all. */
  readonly parts?: number | null
  readonly checked: { readonly outcome: string; readonly at: string } | null
  /** Whether what it is signed to hold counts as a copy; absent from an older node, where it does. */
  readonly counted?: boolean
}
interface PackageCopies {
  readonly package: string
  readonly copies: number
  readonly proven: number
  /** Mirrors beyond these that are signed to have it, and are not counted; absent from an older node. */
  readonly claimed?: number
}
interface FederationAnswer {
  readonly network: { readonly id: string; readonly mode: string }
  readonly peers: number
  readonly publishers: readonly {
    readonly id: string
    readonly name: string | null
    readonly relation: string
    /** Of an unknown publisher. */
    readonly spent?: SpentQuota
    readonly packages: number
    /** Packages whose copies were counted; absent from an older node. */
    readonly counted?: number
    readonly freshness: { readonly state: string; readonly age: number | null }
    readonly mirrors: readonly Mirror[]
    /** Connected peers that say so of themselves alone; absent from an older node. */
    readonly claimed?: readonly string[]
    readonly wanted?: number | null
    readonly spread: Readonly<Record<string, number>>
    readonly least: readonly PackageCopies[]
  }[]
}

/** `hanse federation [PUBLISHER]`: who mirrors what, and how many copies there are. */
export const federationCommand: Command = {
  name: 'federation',
  summary: 'show who mirrors what, how fresh it is here, and the copies of each package',
  examples: ['hanse federation', 'hanse federation acme'],
  args: [{ name: '[publisher]', text: 'all packages of one publisher: an id (bafy…), or your name for it' }],
  async run({ args }, context) {
    const node = await context.node()
    const query = args[0] === undefined ? {} : { publisher: args[0] }
    return { data: await node.call<FederationAnswer>('GET', '/api/federation', { query }) }
  },
  view: federationView,
}

/** A tree: each publisher, its mirrors, its packages. */
export function federationView({ network, peers, publishers }: FederationAnswer): View {
  return partsOf(
    linesOf(`network ${network.id} (${network.mode}), ${peers} ${peers === 1 ? 'peer' : 'peers'} connected`),
    ...publishers.map(publisherView),
    ...(publishers.some(({ claimed = [] }) => claimed.length > 0) ? [linesOf('', `help: ${FOLLOW_MIRROR_HELP}`)] : []),
  )
}

function publisherView(publisher: FederationAnswer['publishers'][number]): View {
  const { id, name, relation, packages, counted = packages, freshness, mirrors, wanted, spread, least } = publisher
  const { claimed = [], spent } = publisher
  const fresh = freshness.state === 'unknown' ? 'freshness unknown' : freshness.state
  const age = freshness.age === null ? '' : `, confirmed ${freshness.age} s ago`
  const of = counted < packages ? ` of the first ${counted}:` : ''
  const copies = Object.entries(spread).map(([count, of]) => `${packagesText(of)} with ${count}`)
  const shown = least.map(each => [
    ...[`   ${each.package}`, copiesText(each.copies, wanted)],
    ...[each.proven, each.claimed ?? 0],
  ])
  const short = Object.entries(spread).reduce((sum, [count, of]) => sum + (Number(count) < (wanted ?? 0) ? of : 0), 0)
  const aim = wanted == null ? '' : `; ${wanted} wanted${short === 0 ? '' : `, ${packagesText(short)} short`}`
  return partsOf(
    linesOf(
      '',
      `${name ?? id}  ${relation}, ${packagesText(packages)}, ${fresh}${age}`,
      ...(relation === 'none' ? [`├─ not followed: nothing new of it is asked for; hanse follow ${id}`] : []),
      ...(spent ? [`├─ ${spentLine(spent, id)}`] : []),
      ...mirrors.map(mirror => `├─ mirror ${mirrorText(mirror)}`),
      ...claimLinesOf(claimed),
      `└─ copies${of} ${copies.length === 0 ? 'none known' : copies.join(', ')}${aim}`,
    ),
    ...(shown.length === 0 ? [] : [tableOf(['   PACKAGE', 'COPIES', 'PROVEN', 'CLAIMED'], shown, '')]),
  )
}

function claimLinesOf(claimed: readonly string[]): string[] {
  const lines = claimed
    .slice(0, MAX_SHOWN_CLAIMS)
    .map(peer => `├─ says that it mirrors: ${peer}, connected, not counted`)
  const more = claimed.length - lines.length
  return more === 0 ? lines : [...lines, `├─ and ${more} more that say so`]
}

/** `2 of 3 wanted` where some are missing. */
export const copiesText = (copies: number, wanted: number | null | undefined): string =>
  wanted == null || copies >= wanted ? String(copies) : `${copies} of ${wanted} wanted`

function mirrorText({ peer, isSelf, connected, parts, checked, counted = true }: Mirror): string {
  if (isSelf) return 'this node'
  const state = `${parts == null ? '' : `${parts} ${parts === 1 ? 'artifact' : 'artifacts'}, `}${connected ? 'connected' : 'away'}`
  const check = checked === null ? 'not checked yet' : `${checked.outcome} at ${checked.at}`
  return `${peer}, ${state}, ${check}${counted ? '' : ', not counted'}`
}

const packagesText = (count: number): string => (count === 1 ? '1 package' : `${count} packages`)
