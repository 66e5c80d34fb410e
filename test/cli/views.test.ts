import { PassThrough } from 'node:stream'
import { stripVTControlCharacters, styleText } from 'node:util'
import { expect, test } from 'vitest'
import { doctorCommand } from '../../src/cli/commands/doctor.ts'
import { federationView } from '../../src/cli/commands/federation.ts'
import { infoCommand } from '../../src/cli/commands/info.ts'
import { peersView } from '../../src/cli/commands/peer.ts'
import { publishersCommand } from '../../src/cli/commands/publishers.ts'
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

test('peer list shows what state a peer is in, what passed with it, whether it is kept, and why it is away', () => {
  const lines = linesOf(
    peersView([
      {
        ...{ id: 'A', addresses: ['/ip4/192.0.2.1/tcp/1'], state: 'connected', pinned: false, direction: 'inbound' },
        ...{ latencyMs: 51.7, received: 1_234_567, sent: 812, paced: 3, busy: 0, refusals: { 'gossip signature': 2 } },
        ...{ software: 'hanse 0.1.0', roles: ['relay'], contact: 'abuse@a.example' },
      },
      { id: 'B', addresses: ['/ip4/192.0.2.2/tcp/1'], state: 'unreachable', pinned: true, why: 'E_NETWORK: refused' },
      { id: 'C', state: 'dialling', pinned: true },
    ]),
  )
  expect(lines.map(line => line.split(/ {2,}/))).toEqual([
    ['PEER', 'STATE', 'WAY', 'RTT', 'IN', 'OUT', 'PINNED', 'RUNS', 'ADDRESSES', 'NOTES'],
    [
      ...['A', 'connected', 'in', '52 ms', '1.2 MB', '812 B', 'no', 'hanse 0.1.0, relay'],
      '/ip4/192.0.2.1/tcp/1',
      'paced 3; refused: gossip signature 2; contact abuse@a.example',
    ],
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

const ALLOWED = { decision: 'allow', rule: null, reason: null, until: null }
const hitOf = (more: object = {}) => ({
  ...{ purl: 'pkg:npm/%40acme/rope', name: '@acme/rope', version: '1.0.0', publisher: ID, publisherName: 'acme' },
  ...{ description: 'a rope that holds', source: 'local', relation: 'allow', highlights: [], verdict: ALLOWED },
  ...more,
})
const answerOf = (hits: readonly object[], more: object = {}) =>
  searchCommand.view({ hits, hidden: 0, notes: [], peers: { asked: 1, answered: 1 }, tookMs: 3, ...more } as never)

test('search names packages and publishers as other commands take them, and counts one hit as one', () => {
  const [, line, ...rest] = linesOf(answerOf([hitOf({ publisherName: null, relation: 'none', source: 'federated' })]))
  expect(line).toBe(`npm:@acme/rope  1.0.0    ${ID} (none, at peers)  allow    a rope that holds`)
  expect(rest).toEqual(['1 hit in 3 ms; 1 of 1 peers answered'])
  const two = linesOf(answerOf([hitOf(), hitOf({ purl: 'pkg:pypi/y', name: 'y' })]))
  expect(two[1]).toMatch(/ acme \(allow\) /)
  expect(two[2]).toMatch(/^pypi:y /)
  expect(two.at(-1)).toMatch(/^2 hits in/)
  expect(linesOf(answerOf([]))).toEqual(['nothing found', '0 hits in 3 ms; 1 of 1 peers answered'])
})

test('search says what this node says of each hit, what is hidden and who did not answer', () => {
  const held = { decision: 'hold', rule: 'origin', reason: 'its digest is disputed', until: '2027-01-01T00:00:00.000Z' }
  const malware = { decision: 'deny', rule: 'malware', reason: 'MAL-1 names it', until: null }
  const verdicts = [held, malware, { ...malware, rule: 'route', reason: 'no route' }, { ...ALLOWED, would: malware }]
  const lines = linesOf(
    answerOf(
      verdicts.map(verdict => hitOf({ verdict })),
      { hidden: 2, notes: ['is:x was left out'], peers: { asked: 10, answered: 7 } },
    ),
  )
  expect(lines.slice(1, 5).map(line => line.split(/ {2,}/)[3])).toEqual([
    'held until 2027-01-01T00:00:00.000Z',
    'denied: malware',
    'not allowed here',
    'allow (enforced: denied: malware)',
  ])
  expect(lines.slice(5)).toEqual([
    'npm:@acme/rope@1.0.0 (origin): its digest is disputed',
    'npm:@acme/rope@1.0.0 (malware): MAL-1 names it',
    'npm:@acme/rope@1.0.0 (malware): MAL-1 names it',
    'is:x was left out',
    '4 hits in 3 ms; 7 of 10 peers answered',
    '2 hidden by policy; --all shows them',
    'partial: 3 of 10 peers did not answer in time',
  ])
})

test('where a search matched stands out at a terminal, and only there', () => {
  const highlights = [
    { field: 'name', ranges: [[6, 10]] },
    {
      field: 'description',
      ranges: [
        [2, 6],
        [12, 900],
      ],
    }, // the rest is not shown
  ]
  const view = answerOf([hitOf({ highlights })])
  const plain = linesOf(view)[1]
  expect(plain).toBe('npm:@acme/rope  1.0.0    acme (allow)  allow    a rope that holds')
  const [out, err] = [Object.assign(new PassThrough(), { isTTY: true }), new PassThrough()]
  new Output(false, { out, err }).result({}, view)
  const [, line = ''] = String(out.read()).split('\n')
  expect(stripVTControlCharacters(line)).toBe(plain)
  const bold = line.split(styleText('bold', '|', { validateStream: false }).split('|')[0] ?? '').slice(1)
  expect(bold.map(part => part.split('\u001b')[0])).toEqual(['rope', 'rope', 'holds'])
})

test('a search fits a terminal of 80 columns where names are short, and nothing else is cut', () => {
  const description = `a rope that holds ${'very '.repeat(9)}well`
  const highlights = [
    {
      field: 'description',
      ranges: [
        [2, 6],
        [56, 68],
      ],
    },
  ]
  const view = answerOf([hitOf({ description, highlights })])
  const at = (terminal: object) => {
    const [out, err] = [Object.assign(new PassThrough(), terminal), new PassThrough()]
    new Output(false, { out, err }).result({}, view)
    return stripVTControlCharacters(String(out.read())).split('\n')[1]!
  }
  const start = 'npm:@acme/rope  1.0.0    acme (allow)  allow    a rope that holds very'
  expect(at({ isTTY: true, columns: 80 })).toBe(`${start} very ver…`)
  expect(at({ isTTY: true, columns: 80 })).toHaveLength(80)
  expect(at({ isTTY: true, columns: 20 })).toMatch(/ {2}allow {4}a rope that hol…$/)
  for (const whole of [{}, { columns: 80 }, { isTTY: true }]) expect(at(whole)).toContain(description)
})

test('federation says how many copies are wanted, and of which packages some are missing', () => {
  const publisher = {
    ...{ id: ID, name: 'acme', relation: 'mirror', packages: 3, freshness: { state: 'fresh', age: 4 }, wanted: 3 },
    mirrors: [
      { peer: 'P', isSelf: false, connected: true, parts: 12, checked: null },
      { peer: 'Q', isSelf: false, connected: false, parts: null, checked: null, counted: false },
    ],
    spread: { 2: 1, 3: 2 },
    least: [
      { package: 'npm:x', copies: 2, proven: 1, claimed: 4 },
      { package: 'npm:y', copies: 3, proven: 1 },
    ],
  }
  const lines = linesOf(federationView({ network: { id: 'main', mode: 'on' }, peers: 1, publishers: [publisher] }))
  expect(lines).toContain('├─ mirror P, 12 artifacts, connected, not checked yet')
  expect(lines).toContain('└─ copies 1 package with 2, 2 packages with 3; 3 wanted, 1 package short')
  expect(lines).toContain('├─ mirror Q, away, not checked yet, not counted')
  expect(lines.some(line => /npm:x +2 of 3 wanted +1 +4/.test(line))).toBe(true)
  expect(lines.some(line => /npm:y +3 +1 +0/.test(line))).toBe(true)
  const [whole] = publisher.mirrors
  const little = { ...publisher, mirrors: [{ ...whole!, parts: 1 }] }
  const one = linesOf(federationView({ network: { id: 'main', mode: 'on' }, peers: 1, publishers: [little] }))
  expect(one).toContain('├─ mirror P, 1 artifact, connected, not checked yet')
  const many = { ...publisher, packages: 1_200, counted: 1_000, spread: { 2: 1_000 } }
  const of = linesOf(federationView({ network: { id: 'main', mode: 'on' }, peers: 1, publishers: [many] }))
  expect(of).toContain('└─ copies of the first 1000: 1000 packages with 2; 3 wanted, 1000 packages short')
})

test('federation marks what peers say of themselves, names eight of them, and how their copies come to count', () => {
  const publisher = {
    ...{
      id: ID,
      name: 'acme',
      relation: 'self',
      packages: 1,
      freshness: { state: 'own', age: null },
      spread: { 1: 1 },
    },
    ...{ mirrors: [], least: [{ package: 'npm:x', copies: 1, proven: 1 }] },
  }
  const linesAbout = (claimed: readonly string[]) =>
    linesOf(
      federationView({ network: { id: 'main', mode: 'on' }, peers: 9, publishers: [{ ...publisher, claimed }] }),
    ).filter(line => /says? that|help/.test(line))
  expect(linesAbout([])).toEqual([])
  const stranger = { ...publisher, relation: 'none', packages: 0, spread: {}, least: [] }
  const tree = linesOf(federationView({ network: { id: 'main', mode: 'on' }, peers: 9, publishers: [stranger] }))
  expect(tree).toContain(`├─ not followed: nothing new of it is asked for; hanse follow ${ID}`)
  expect(linesAbout(['P'])).toEqual([
    '├─ says that it mirrors: P, connected, not counted',
    expect.stringMatching(/^help: hanse follow ID, /),
  ])
  const many = linesAbout(Array.from({ length: 11 }, (_, i) => `P${i}`))
  expect(many).toHaveLength(8 + 1)
  expect(many).not.toContain('P8')
})

test('a spent quota of an unknown publisher is said wherever it is shown, with its end and what ends it sooner', () => {
  const spent = { setting: 'follow.recordsPerDay', until: '2026-11-23T08:00:00.000Z' }
  const words = 'quota spent until 2026-11-23T08:00:00.000Z (follow.recordsPerDay)'
  const line = `${words}: what it published since is not here; hanse follow ${ID} takes all of it`
  const row = { id: ID, name: null, relation: 'unknown', feeds: 1, releases: 1, digest: null, foldVersion: 1 }
  const listed = (rows: readonly object[]) => linesOf(publishersCommand.view(rows as never))
  expect(listed([{ ...row, spent }])[1]).toContain(`unknown, ${words}`)
  expect(listed([{ ...row, spent: { ...spent, until: null } }])[1]).toContain('unknown, quota spent for good')
  expect(listed([row])[1]).not.toContain('quota')
  const publisher = {
    ...{ id: ID, name: null, relation: 'unknown', packages: 1, freshness: { state: 'unknown', age: null }, spent },
    ...{ mirrors: [], spread: {}, least: [] },
  }
  const tree = linesOf(federationView({ network: { id: 'main', mode: 'on' }, peers: 1, publishers: [publisher] }))
  expect(tree).toContain(`${ID}  unknown, 1 package, freshness unknown`)
  expect(tree).toContain(`├─ ${line}`)
  const held = { id: ID, name: null, relation: 'unknown', versions: [], held: true, spent }
  expect(linesOf(infoCommand.view({ purl: 'pkg:npm/x', publishers: [held], holders: [] } as never))).toContain(line)
})

test('info marks a release whose bytes were purged here', () => {
  const purged = 'removed here for legal reasons: order 1'
  const versions = [
    { version: '2', state: 'live', artifacts: [{}] },
    { version: '1', state: 'live', artifacts: [{}], purged },
  ]
  const publisher = { id: ID, name: null, relation: 'self', versions, held: true }
  const view = infoCommand.view({ purl: 'pkg:npm/x', publishers: [publisher], holders: [] } as never)
  expect(JSON.stringify(view)).toContain(JSON.stringify(['1', `live, purged: ${purged}`, 1]))
  expect(JSON.stringify(view)).toContain(JSON.stringify(['2', 'live', 1]))
})

/** What `info` says of the copies of the newest release. */
const copiesAt = (replication: object) =>
  linesOf(
    infoCommand.view({
      ...{ purl: 'pkg:npm/x', holders: [] },
      publishers: [{ id: ID, name: 'acme', relation: 'self', versions: [], held: true, replication }],
    } as never),
  ).filter(line => /copies|help/.test(line))

test('info warns of one loss where nobody else answers, and else says who answered and on whose word', () => {
  const alone = { copies: 1, proven: 1, wanted: null }
  expect(copiesAt(alone)).toEqual(['copies of the newest release: 1 known, 1 proven, one loss away from gone'])
  expect(copiesAt({ ...alone, answered: 0 })).toEqual(copiesAt(alone))
  const said = '2 more answered just now that they have it, by their own word alone'
  expect(copiesAt({ ...alone, answered: 2 })).toEqual([
    `copies of the newest release: 1 known, 1 proven; ${said}`,
    expect.stringMatching(/^help: hanse follow ID, /),
  ])
  expect(copiesAt({ copies: 2, proven: 1, wanted: null, answered: 2 })).toEqual([
    `copies of the newest release: 2 known, 1 proven; ${said}`,
  ])
  expect(copiesAt({ copies: 2, proven: 1, wanted: 3, answered: 2 })).toHaveLength(2)
})

test('what others claim of copies does not hide that one loss is the last', () => {
  const claims = '3 more claimed, not counted: signed by strangers and unchecked, or not heard of for a day'
  const help = expect.stringMatching(/^help: hanse follow ID, /)
  expect(copiesAt({ copies: 1, proven: 1, wanted: null, claimed: 3, answered: 0 })).toEqual([
    `copies of the newest release: 1 known, 1 proven, one loss away from gone; ${claims}`,
    help,
  ])
  const said = '2 more answered just now that they have it, by their own word alone'
  expect(copiesAt({ copies: 1, proven: 1, wanted: null, claimed: 3, answered: 2 })).toEqual([
    `copies of the newest release: 1 known, 1 proven; ${said}; ${claims}`,
    help,
  ])
  expect(copiesAt({ copies: 2, proven: 1, wanted: null, claimed: 3 })).toEqual([
    `copies of the newest release: 2 known, 1 proven; ${claims}`,
  ])
})

test('doctor names the repair for what one helps against, and none for records of another network', () => {
  const shown = (kinds: readonly string[], repair: boolean) => {
    const findings = kinds.map(kind => ({ kind, subject: 'A', problem: 'as it says', repaired: false }))
    return linesOf(doctorCommand.view({ ok: false, repair, findings } as never)).filter(line =>
      line.startsWith('help: '),
    )
  }
  expect([shown(['network'], false), shown(['network'], true)]).toEqual([[], []])
  expect(shown(['network', 'record'], false)).toEqual(['help: hanse doctor --repair'])
  expect(shown(['record'], true)).toEqual([expect.stringContaining('hanse restore FILE')])
})
