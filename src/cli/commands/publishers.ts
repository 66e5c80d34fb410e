import type { Command } from '../command.ts'
import { type SpentQuota, spentText } from '../spent-quota.ts'
import { tableOf } from '../view.ts'

interface PublisherLine {
  readonly id: string
  readonly name: string | null
  readonly relation: unknown
  /** Of an unknown publisher. */
  readonly spent?: SpentQuota
  /** Copies that are enough; absent: no number is wanted. */
  readonly copies?: number
  readonly feeds: number
  readonly releases: number
  /** null: followed, and no record of it is here yet. */
  readonly digest: string | null
  readonly foldVersion: number
}

/** `hanse publishers`: every publisher this node knows, with the digest to compare with another node. */
export const publishersCommand: Command = {
  name: 'publishers',
  summary: 'list the publishers this node knows, with their digests',
  examples: ['hanse publishers'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<PublisherLine[]>('GET', '/api/publishers') }
  },
  view: (lines: readonly PublisherLine[]) =>
    tableOf(
      ['NAME', 'ID', 'RELATION', 'FEEDS', 'RELEASES', 'DIGEST'],
      lines.map(({ name, id, relation, copies, spent, feeds, releases, digest }) => [
        name,
        id,
        [relation, ...(copies === undefined ? [] : [`${copies} copies`]), ...(spent ? [spentText(spent)] : [])].join(
          ', ',
        ),
        feeds,
        releases,
        digest?.slice(0, 16) ?? null,
      ]),
      'no publishers yet; hanse follow PUBLISHER',
    ),
}
