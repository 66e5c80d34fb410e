import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { peersView } from '../../src/cli/commands/peer.ts'
import { searchCommand } from '../../src/cli/commands/search.ts'
import { statusView } from '../../src/cli/commands/status.ts'
import { whyView } from '../../src/cli/commands/why.ts'
import { Output } from '../../src/cli/output.ts'
import type { View } from '../../src/cli/view.ts'

const ID = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const PEER = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'

/** The lines that people get. */
function linesOf(view: View): string[] {
  const [out, err] = [new PassThrough(), new PassThrough()]
  new Output(false, { out, err }).result({}, view)
  return String(out.read()).trimEnd().split('\n')
}

test('peer list shows what state a peer is in, whether it is kept, and why it is away', () => {
  const lines = linesOf(
    peersView([
      { id: 'A', addresses: ['/ip4/192.0.2.1/tcp/1'], state: 'connected', pinned: false },
      { id: 'B', addresses: ['/ip4/192.0.2.2/tcp/1'], state: 'unreachable', pinned: true, why: 'E_NETWORK: refused' },
      { id: 'C', state: 'dialling', pinned: true },
    ]),
  )
  expect(lines.map(line => line.split(/ {2,}/))).toEqual([
    ['PEER', 'STATE', 'PINNED', 'ADDRESSES', 'WHY'],
    ['A', 'connected', 'no', '/ip4/192.0.2.1/tcp/1'],
    ['B', 'unreachable', 'yes', '/ip4/192.0.2.2/tcp/1', 'E_NETWORK: refused'],
    ['C', 'dialling', 'yes', '-'],
  ])
})

test('why tells people the decision in lines, each sentence and each command once', () => {
  const lines = linesOf(
    whyView({
      ...{ purl: 'pkg:npm/x', version: '1.0.0', decision: 'deny', code: 'E_NO_ROUTE', why: 'npm:x: no route' },
      ...{ route: 'none', publisher: null, help: "hanse allow a 'npm:x'\nhanse allow b 'npm:x'" },
      reasons: [
        { rule: 'route', message: 'no route', hint: "hanse allow a 'npm:x'" },
        { rule: 'yank', message: 'it was withdrawn' },
      ],
      facts: { state: 'yanked', visibility: 'public', publishersWithIt: [ID, 'bafyother'] },
    }),
  )
  expect(lines).toEqual([
    'package     pkg:npm/x@1.0.0',
    'decision    deny (E_NO_ROUTE)',
    'why         npm:x: no route',
    'and         it was withdrawn',
    'rule        route',
    'rule        yank',
    'route       none',
    'publisher   -',
    'release     yanked, public',
    `known from  ${ID}`,
    '            bafyother',
    "help: hanse allow a 'npm:x'",
    "help: hanse allow b 'npm:x'",
  ])
})

test('why tells people the rule with its line, when it changes, what to use instead and who says what', () => {
  const waive = 'hanse policy waive npm:x@1.1.0 --rule minimumAge --why TEXT'
  const lines = linesOf(
    whyView({
      ...{ purl: 'pkg:npm/x', version: '1.1.0', decision: 'hold', code: 'E_POLICY_DENIED' },
      ...{
        why: 'npm:x@1.1.0 is held until 2026 (minimumAge): young',
        route: 'npm:* → upstream/npmjs',
        publisher: null,
      },
      reasons: [{ rule: 'minimumAge', message: 'young', line: 4, hint: waive }],
      ...{ mode: 'enforce', until: '2026-01-04T00:00:00.000Z', instead: '1.0.0' },
      facts: {
        ...{ state: 'upstream', visibility: null, publishersWithIt: [] },
        known: [{ fact: 'licence', value: 'MIT', from: 'npm:* → upstream/npmjs' }],
      },
    }),
  )
  expect(lines.map(line => line.split(/ {2,}/))).toEqual([
    ['package', 'pkg:npm/x@1.1.0'],
    ['decision', 'hold (E_POLICY_DENIED)'],
    ['why', 'npm:x@1.1.0 is held until 2026 (minimumAge): young'],
    ['rule', 'minimumAge, policy.yaml line 4'],
    ['changes', '2026-01-04T00:00:00.000Z'],
    ['instead', '1.0.0'],
    ['route', 'npm:* → upstream/npmjs'],
    ['publisher', '-'],
    ['release', 'upstream'],
    ['licence', 'MIT (npm:* → upstream/npmjs)'],
    [`help: ${waive}`],
  ])
})

test('status tells people the network in words and each address on a line', () => {
  const lines = linesOf(
    statusView({
      ...{ peerId: PEER, publisher: ID, network: { id: 'main', mode: 'public' }, peers: 2, health: 'ok' },
      addresses: ['/ip4/127.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/1'],
    }),
  )
  expect(lines).toEqual([
    `peerId     ${PEER}`,
    `publisher  ${ID}`,
    'network    public, id main',
    'addresses  /ip4/127.0.0.1/tcp/1',
    '           /ip4/192.0.2.1/tcp/1',
    'peers      2',
    'health     ok',
  ])
})

test('search names publishers as other commands take them, and counts one hit as one', () => {
  const hit = { publisher: ID, source: 'federated', relation: 'none', description: 'rope', score: 1, version: null }
  const view = (...hits: object[]) =>
    linesOf(searchCommand.view({ hits, peers: { asked: 1, answered: 1 }, tookMs: 3 } as never))
  const [, line, ...rest] = view({ ...hit, purl: 'pkg:npm/x', publisherName: null })
  expect(line).toBe(`pkg:npm/x  federated  ${ID}  rope`)
  expect(rest).toEqual(['1 hit in 3 ms; 1 of 1 peers answered'])
  const two = view(...['pkg:npm/x', 'pkg:npm/y'].map(purl => ({ ...hit, purl, publisherName: 'acme' })))
  expect(two[1]).toBe('pkg:npm/x  federated  acme       rope')
  expect(two.at(-1)).toMatch(/^2 hits in/)
})
