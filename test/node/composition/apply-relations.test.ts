import { expect, test } from 'vitest'
import { applyRelations } from '../../../src/node/composition/apply-relations.ts'
import type { Federation } from '../../../src/node/composition/join-network.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import type { PublisherId } from '../../../src/protocol/index.ts'

const [own, acme, bolt] = ['own', 'acme', 'bolt'] as PublisherId[]

/** What sync is told for relations by publisher; `ready` are those whose feeds may be asked for now. */
function appliedOf(
  relations: Readonly<Record<string, { readonly follow: boolean; readonly allow?: string }>>,
  ready = (publishers: readonly PublisherId[]) => publishers,
) {
  const told = { followed: [] as PublisherId[], unfollowed: [] as PublisherId[], looks: 0 }
  const node = {
    relations: {
      known: () => Object.keys(relations),
      relationOf: (publisher: PublisherId) => ({
        allow: 'none',
        origin: false,
        ...(relations[publisher] ?? { follow: false }),
      }),
    },
    config: { network: { mode: 'off' } },
    writer: { publisher: own },
    copies: { stale() {} },
    holding: { look: () => told.looks++ },
    library: { access: { hasPublicPackage: () => false } },
  }
  const federation = {
    sync: {
      follow: (publishers: readonly PublisherId[]) => told.followed.push(...publishers),
      unfollow: (publisher: PublisherId) => told.unfollowed.push(publisher),
    },
    mirror: { look: () => {} },
    snapshots: { ready },
  }
  applyRelations(node as unknown as NodeContext, federation as unknown as Federation)
  return told
}

test('sync follows the own publisher, whose feeds other nodes may hold, whatever the relations say', () => {
  expect(appliedOf({})).toEqual({ followed: [own], unfollowed: [], looks: 1 })
  expect(appliedOf({ own: { follow: false } })).toMatchObject({ followed: [own], unfollowed: [] })
})

test('sync follows what the relations follow, and no longer what they do not', () => {
  const told = appliedOf({ acme: { follow: true }, bolt: { follow: false } })
  expect(told).toMatchObject({ followed: [own, acme], unfollowed: [bolt] })
})

test('what something may be installed from is followed first, so that it is asked for first', () => {
  const told = appliedOf({ acme: { follow: true }, bolt: { follow: true, allow: 'any' } })
  expect(told.followed).toEqual([own, bolt, acme])
})

test('what something may be installed from does not wait for a snapshot', () => {
  const told = appliedOf({ acme: { follow: true }, bolt: { follow: true, allow: 'any' } }, () => [])
  expect(told.followed).toEqual([own, bolt])
})
