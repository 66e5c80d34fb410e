import type { Command } from '../command.ts'
import { tableOf } from '../view.ts'

interface PublisherLine {
  readonly id: string
  readonly name: string | null
  readonly relation: unknown
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
      lines.map(({ name, id, relation, copies, feeds, releases, digest }) => [
        name,
        id,
        copies === undefined ? relation : `${relation}, ${copies} copies`,
        feeds,
        releases,
        digest?.slice(0, 16) ?? null,
      ]),
      'no publishers yet; hanse follow PUBLISHER',
    ),
}
