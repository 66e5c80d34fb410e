import { expect, test } from 'vitest'
import { Membership } from '../../../src/node/network/membership.ts'
import type { MemberState, PeerId } from '../../../src/protocol/index.ts'

const [allowed, member, removed, pinned, stranger] = ['a', 'm', 'r', 'p', 's'] as PeerId[]
const isChosen = (peer: PeerId) => peer === pinned || peer === removed
const members = new Map<PeerId, MemberState>([
  [member!, { name: null, isMember: true }],
  [removed!, { name: null, isMember: false }],
  [allowed!, { name: null, isMember: false }],
])
const all = [allowed, member, removed, pinned, stranger] as PeerId[]

test('without an authority only those that the operator allows are let in', () => {
  const membership = new Membership({ allow: ['a'], members: null, isChosen })
  expect(all.filter(peer => membership.admits(peer))).toEqual([allowed])
})

test('an authority’s members are let in, and chosen peers unless it removed them; the operator’s word stands', () => {
  const membership = new Membership({ allow: ['a'], members: () => members, isChosen })
  expect(all.filter(peer => membership.admits(peer))).toEqual([allowed, member, pinned])
})
