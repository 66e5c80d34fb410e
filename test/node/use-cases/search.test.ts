import { describe, expect, it, test } from 'vitest'
import type { SearchRequest } from '../../../src/node/http/search-services.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { searchNpm } from '../../../src/node/registries/npm/search-answer.ts'
import { StorageError } from '../../../src/node/storage/index.ts'
import { seekPublishers } from '../../../src/node/use-cases/ask-federation.ts'
import { complete } from '../../../src/node/use-cases/complete.ts'
import { closenessOf } from '../../../src/node/use-cases/search/closeness.ts'
import { search } from '../../../src/node/use-cases/search/search.ts'
import type { PackageName, PublisherId } from '../../../src/protocol/index.ts'
import { delegateOf, hitOf, publisherOf, releaseOf, testKey } from '../../federation/search/signed-hits.ts'
import { releasing, searchingNode } from './searching-node.ts'

const acme = publisherOf(1)
const port = publisherOf(20)
const far = publisherOf(40)
const [ACME, PORT, FAR] = [acme, port, far].map(({ genesis }) => genesis.publisher) as [
  PublisherId,
  PublisherId,
  PublisherId,
]

const PACKAGES = [
  { name: '@acme/hull', description: 'paint for a hull', license: 'MIT', keywords: ['paint', 'cli'] },
  { name: 'hull-grep', description: 'find a hull', license: 'GPL-3.0-only', keywords: ['cli'] },
  { name: 'pypi:hull-tools', description: 'tools to paint the hull red', license: 'MIT OR Apache-2.0' },
]
const NO_GPL = 'version: 1\nlicence:\n  deny: ["GPL-*"]\n'

const asking = (node: NodeContext, text: string, more: Partial<SearchRequest> = {}) =>
  search(node, { text, limit: 10, local: true, ...more })
const purlsOf = async (node: NodeContext, text: string, more: Partial<SearchRequest> = {}) =>
  (await asking(node, text, more)).hits.map(({ purl }) => purl).sort()

const HULL = 'pkg:npm/%40acme/hull'
const GREP = 'pkg:npm/hull-grep'
const TOOLS = 'pkg:pypi/hull-tools'

describe('a search in the query language', () => {
  it('finds the same by what is typed and by lists', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    await here.node.relations.change(ACME, { do: 'follow' }, 'acme')
    const cases: readonly (readonly [string, Partial<SearchRequest>, readonly string[]])[] = [
      ['type:pypi', { types: ['PyPI'] }, [TOOLS]],
      ['type:pypi,npm', { types: ['pypi', 'npm'] }, [HULL, GREP, TOOLS]],
      ['license:mit', { licenses: ['mit'] }, [HULL, TOOLS]],
      ['licence:Apache-2.0', { licenses: ['apache-2.0'] }, [TOOLS]],
      ['keyword:cli', { keywords: ['CLI'] }, [HULL, GREP]],
      ['keyword:cli keywords:paint', { keywords: ['cli', 'paint'] }, [HULL]],
      ['publisher:acme', { publishers: [ACME] }, [HULL, GREP, TOOLS]],
      ['"paint the"', { phrases: ['paint the'] }, [TOOLS]],
      ['-grep -red', { without: ['grep', 'red'] }, [HULL]],
      ['is:followed', { is: ['Followed'] }, [HULL, GREP, TOOLS]],
      ['is:mirrored', { is: ['mirrored'] }, []],
      ['is:own', { is: ['own'] }, []],
    ]
    for (const [text, lists, expected] of cases) {
      expect([text, await purlsOf(here.node, `hull ${text}`)]).toEqual([text, [...expected].sort()])
      expect([text, await purlsOf(here.node, 'hull', lists)]).toEqual([text, [...expected].sort()])
    }
  })

  it('takes a name with its type as both, as other commands take it', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    for (const text of ['npm:@acme/hull', 'pkg:npm/%40acme/hull', 'npm:@acme/hull@^1'])
      expect((await asking(here.node, text)).hits[0]).toMatchObject({ purl: HULL, name: '@acme/hull' })
    expect(await purlsOf(here.node, 'pypi:hull')).toEqual([TOOLS])
  })

  it('lists what fits a filter without words', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    await here.node.relations.change(ACME, { do: 'mirror' }, 'acme')
    expect(await purlsOf(here.node, 'publisher:acme')).toEqual([HULL, GREP, TOOLS].sort())
    expect(await purlsOf(here.node, 'is:mirrored keyword:cli')).toEqual([HULL, GREP].sort())
    expect(await purlsOf(here.node, 'is:mirrored -grep')).toEqual([HULL, TOOLS].sort())
    expect(await purlsOf(here.node, 'is:own')).toEqual([])
  })

  it('refuses what nothing can be, and a search for nothing', async () => {
    await using here = await searchingNode({})
    for (const text of ['', '  ', '""', 'is:shiny'])
      await expect(asking(here.node, text)).rejects.toMatchObject({ code: 'E_USAGE' })
    await expect(asking(here.node, 'type:nmp x')).rejects.toMatchObject({ code: 'E_USAGE', hint: expect.any(String) })
    await expect(asking(here.node, 'x', { is: ['shiny'] })).rejects.toMatchObject({ code: 'E_USAGE' })
    await expect(asking(here.node, 'publisher:unheard x')).rejects.toMatchObject({ code: 'E_PUBLISHER' })
    expect((await asking(here.node, 'x is:shiny')).notes).toEqual([expect.stringContaining('is:shiny')])
  })

  it('answers whatever is typed', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    for (const text of [
      'h',
      'the',
      '🦀',
      '漢字',
      '__proto__',
      'constructor:x',
      '"hull',
      'hull '.repeat(500),
      'x'.repeat(5_000),
      '-x',
    ])
      expect((await asking(here.node, text)).hits.length).toBeLessThanOrEqual(3)
  })

  it('knows names allowed of a publisher from others of it', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    await here.node.relations.change(ACME, { do: 'allow', patterns: ['npm:@acme/*' as never] }, 'acme')
    expect(await purlsOf(here.node, 'hull is:allowed')).toEqual([HULL])
    await using mine = await searchingNode({ records: releasing(acme, PACKAGES), own: ACME })
    expect(await purlsOf(mine.node, 'hull is:allowed is:own')).toEqual([HULL, GREP, TOOLS].sort())
  })
})

describe('a hit', () => {
  it('says who it is of, what it is, where it matched and what this node says of it', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES), own: ACME })
    const { hits } = await asking(here.node, 'paint @acme/hull')
    expect(hits[0]).toMatchObject({
      ...{ purl: HULL, name: '@acme/hull', version: '1.0.0', publisher: ACME, publisherName: null, relation: 'self' },
      ...{ license: 'MIT', keywords: ['paint', 'cli'], source: 'local', score: 1 },
      verdict: { decision: 'allow', rule: null, reason: null, until: null },
    })
    const highlights = hits[0]!.highlights as { field: string; ranges: [number, number][] }[]
    const marked = (field: string, text: string) =>
      highlights.find(each => each.field === field)?.ranges.map(([from, to]) => text.slice(from, to))
    expect(marked('description', 'paint for a hull')).toEqual(['paint', 'hull'])
    expect(marked('name', '@acme/hull')?.join(' ')).toContain('hull')
  })

  it('of nobody allowed is shown with the command that allows it', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    const verdict = { decision: 'deny', rule: 'route', hint: `hanse allow ${ACME} 'npm:hull-grep'` }
    expect((await asking(here.node, 'hull-grep')).hits[0]).toMatchObject({ relation: 'none', verdict })
    const answer = await here.node.relations.change(ACME, { do: 'allow', patterns: [] }, 'acme')
    expect(answer.allow).toBe('any')
    await here.node.routes.add({ match: 'npm:*', to: 'allowed' })
    expect((await asking(here.node, 'hull-grep')).hits[0]).toMatchObject({ verdict: { decision: 'allow' } })
  })

  it('whose name comes from another publisher says so', async () => {
    const records = [...releasing(acme, PACKAGES), ...releasing(port, [{ name: 'hull-grep', description: 'a hull' }])]
    await using here = await searchingNode({ records, own: PORT })
    const { hits } = await asking(here.node, 'hull-grep type:npm')
    const of = (publisher: PublisherId) => hits.find(hit => hit.publisher === publisher && hit.purl === GREP)?.verdict
    expect(of(PORT)).toMatchObject({ decision: 'allow' })
    expect(of(ACME)).toMatchObject({ decision: 'deny', rule: 'route', hint: `hanse allow ${ACME} 'npm:hull-grep'` })
    await here.node.relations.change(ACME, { do: 'allow', patterns: [] }, 'acme')
    const again = (await asking(here.node, 'hull-grep publisher:acme')).hits[0]
    expect(again?.verdict).toMatchObject({ decision: 'deny', rule: 'route', reason: `this name comes from ${PORT}` })
    expect(again?.verdict).not.toHaveProperty('hint')
  })
})

describe('what the policy denies', () => {
  it('is left out and counted, and shown with --all', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES), policy: NO_GPL, own: ACME })
    expect(await asking(here.node, 'hull')).toMatchObject({ hidden: 1, hits: [{}, {}] })
    expect(await purlsOf(here.node, 'hull')).not.toContain(GREP)
    const { hits, hidden } = await asking(here.node, 'hull', { all: true })
    expect([hits.length, hidden]).toEqual([3, 0])
    expect(hits.find(({ purl }) => purl === GREP)?.verdict).toMatchObject({
      ...{ decision: 'deny', rule: 'licence', reason: 'licence GPL-3.0-only is not allowed', until: null },
    })
  })

  it('is shown in dry-run, with what it would say', async () => {
    const policy = NO_GPL.replace('\n', '\nmode: dry-run\n')
    await using here = await searchingNode({ records: releasing(acme, PACKAGES), policy, own: ACME })
    const { hits, hidden } = await asking(here.node, 'hull')
    expect([hits.length, hidden]).toEqual([3, 0])
    expect(hits.find(({ purl }) => purl === GREP)?.verdict).toMatchObject({
      ...{ decision: 'allow', would: { decision: 'deny', rule: 'licence' } },
    })
  })

  it('takes the place of nothing else, however much of it matches better', async () => {
    const denied = Array.from({ length: 90 }, (_, i) => ({
      name: `hull-${i}`,
      description: 'hull hull',
      license: 'GPL-2.0-only',
    }))
    const one = { name: 'keel', description: 'stands below the hull', license: 'MIT' }
    const records = releasing(acme, [...denied, one])
    await using here = await searchingNode({ records, policy: NO_GPL, own: ACME })
    for (const limit of [1, 10]) {
      const { hits, hidden } = await asking(here.node, 'hull', { limit })
      expect(hits.map(({ purl }) => purl)).toEqual(['pkg:npm/keel'])
      expect(hidden).toBeGreaterThan(0)
    }
  })

  it('counts as hidden only what would stand before the last hit', async () => {
    const denied = { name: 'moor', description: 'rope', license: 'GPL-2.0-only' }
    const records = releasing(acme, [{ name: 'rope', description: 'rope', license: 'MIT' }, denied])
    await using here = await searchingNode({ records, policy: NO_GPL, own: ACME })
    expect(await asking(here.node, 'rope', { limit: 1 })).toMatchObject({ hits: [{ name: 'rope' }], hidden: 0 })
    expect(await asking(here.node, 'rope', { limit: 2 })).toMatchObject({ hits: [{ name: 'rope' }], hidden: 1 })
  })
})

describe('hits of peers', () => {
  const records = releasing(far, PACKAGES)
  const hits = PACKAGES.map(({ name }) =>
    hitOf(`pkg:${name.includes(':') ? name.replace(':', '/') : `npm/${name.replace('@', '%40')}`}@1.0.0`, records),
  )

  it('pass the same filters, say the same, and are judged by what their records say', async () => {
    await using here = await searchingNode({ hits, policy: NO_GPL })
    const found = (text: string, more: Partial<SearchRequest> = {}) =>
      purlsOf(here.node, text, { local: false, ...more })
    expect(await found('hull')).toEqual([HULL, TOOLS].sort())
    expect(await found('hull', { all: true })).toEqual([HULL, GREP, TOOLS].sort())
    expect(await found('hull type:npm')).toEqual([HULL])
    expect(await found('hull keyword:cli license:MIT')).toEqual([HULL])
    expect(await found('hull "paint the"')).toEqual([TOOLS])
    expect(await found('hull -red')).toEqual([HULL])
    expect(await found('hull is:allowed')).toEqual([])
    expect(await asking(here.node, 'hull', { local: false })).toMatchObject({
      hidden: 1,
      peers: { asked: 1, answered: 1 },
    })
    await here.node.relations.change(FAR, { do: 'allow', patterns: ['npm:@acme/*' as never] }, 'far')
    expect(await found('hull is:allowed')).toEqual([HULL])
    const [hit] = (await asking(here.node, 'hull publisher:far keyword:paint', { local: false })).hits
    expect(hit).toMatchObject({
      ...{ purl: HULL, name: '@acme/hull', source: 'federated', license: 'MIT', keywords: ['paint', 'cli'] },
      ...{ publisherName: 'far', relation: 'allow', highlights: [{ field: 'name' }, { field: 'description' }] },
    })
  })

  it('are asked for with the words, the type and the publisher alone', async () => {
    await using here = await searchingNode({ hits })
    const asked = async (text: string) => {
      await asking(here.node, text, { local: false })
      return here.asked.at(-1)
    }
    expect(await asked('"paint the" hull -secret keyword:hidden license:MIT type:npm')).toMatchObject({
      ...{ query: 'paint the hull', type: 'npm' },
    })
    expect(await asked(`hull publisher:${FAR}`)).toMatchObject({ query: 'hull', publisher: FAR })
    expect(await asked('hull type:npm,pypi')).not.toHaveProperty('type')
    await here.node.relations.change(FAR, { do: 'mirror' })
    expect(await asked('hull is:mirrored')).not.toHaveProperty('publisher')
    const before = here.asked.length
    await asking(here.node, 'type:npm', { local: false })
    expect(here.asked.length).toBe(before)
  })
})

describe('a search whose words name a private package', () => {
  const holding = async (name: string, ...others: readonly { name: string; description: string }[]) => {
    const [genesis, , release] = releasing(port, [{ name }])
    const records = [genesis!, delegateOf(port, { body: { visibility: 'private' } }), release!]
    const open = others.length > 0 ? releasing(acme, others) : []
    return await searchingNode({ records: [...records, ...open], hits: [] })
  }

  it('asks no peer however case and punctuation are written, and does for other words', async () => {
    await using here = await holding('@port/bilge-pump')
    const named = ['bilge pump', 'BilgePump', 'bilge_pump', 'new bilge  pump small', '@port/bilge.pump', 'bilge-pumps']
    for (const text of named) await asking(here.node, text, { local: false })
    expect(here.asked).toEqual([])
    const others = ['bilge', 'pump bilge', 'bilge water pump']
    for (const text of others) await asking(here.node, text, { local: false })
    expect(here.asked.map(({ query }) => query)).toEqual(others)
  })

  it('asks no peer where the name is parted in the query alone, is behind many words, or other packages match better', async () => {
    const others = Array.from({ length: 60 }, (_, i) => ({ name: `table-${i}`, description: 'react router table' }))
    await using here = await holding('bilgepump', ...others)
    const words = Array.from({ length: 20 }, (_, i) => `word${i}`).join(' ')
    for (const text of ['bilge-pump boats', `${words} bilgepump`, 'react router table bilge pump'])
      await asking(here.node, text, { local: false })
    expect(here.asked).toEqual([])
  })

  it('asks peers again when the package is gone', async () => {
    await using here = await holding('bilgepump')
    here.node.library.forget(PORT)
    await asking(here.node, 'bilgepump', { local: false })
    expect(here.asked).toHaveLength(1)
  })
})

test.each(['listed', 'private'] as const)(
  'no peer hears the name of a %s package held here, whatever is filtered',
  async as => {
    const [genesis, , release] = releasing(port, [{ name: 'bilge', description: 'what lies below' }])
    const records = [genesis!, delegateOf(port, { body: { visibility: as } }), release!]
    await using here = await searchingNode({ records, hits: [] })
    for (const text of [
      'bilge',
      'bilge type:pypi',
      'bilge is:allowed',
      `bilge publisher:${FAR}`,
      'bilge license:MIT -x',
    ])
      await asking(here.node, text, { local: false })
    expect(await seekPublishers(here.node, 'pkg:npm/bilge')).toEqual([])
    expect(here.asked).toEqual([])
    await seekPublishers(here.node, 'pkg:npm/keelson')
    await asking(here.node, 'below type:pypi', { local: false })
    expect(here.asked.map(({ query }) => query)).toEqual(['keelson', 'below'])
  },
)

test('a publisher is the closer the more this node does for it, and a blocked one is far', async () => {
  await using here = await searchingNode({ own: PORT })
  const after = async (change: 'follow' | 'mirror' | 'block') => {
    await here.node.relations.change(ACME, { do: change })
    return closenessOf(here.node, ACME)
  }
  expect([closenessOf(here.node, PORT), closenessOf(here.node, ACME)]).toEqual([1, 0])
  expect([await after('follow'), await after('mirror')]).toEqual([0.6, 0.8])
  await here.node.relations.change(ACME, { do: 'allow', patterns: [] })
  expect([closenessOf(here.node, ACME), await after('block')]).toEqual([1, 0])
})

describe('a search by npm', () => {
  it('speaks the same language, finds npm’s packages alone, and nothing for nothing', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES), policy: NO_GPL })
    const found = async (text?: string) => {
      const { body } = await searchNpm(here.node, text === undefined ? {} : { text })
      return (JSON.parse(String(body)) as { objects: { package: object; score: object }[] }).objects
    }
    expect(await found()).toEqual([])
    expect(await found('  ')).toEqual([])
    expect(await found('hull keywords:cli -grep')).toMatchObject([
      {
        package: { name: '@acme/hull', scope: 'acme', version: '1.0.0', license: 'MIT', keywords: ['paint', 'cli'] },
        score: { final: 1 },
      },
    ])
    expect(await found('hull-grep keywords:cli license:GPL-3.0')).toEqual([])
  })
})

describe('a search that finds nothing', () => {
  it('says where a name may come from all the same, if names are routed to an upstream', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    expect((await asking(here.node, 'zzzz')).notes).toEqual([])
    await here.node.routes.add({ match: 'npm:*', to: 'upstream/npmjs' })
    expect((await asking(here.node, 'zzzz')).notes).toEqual([expect.stringContaining('hanse why npm:NAME')])
    expect((await asking(here.node, 'hull')).notes).toEqual([])
  })
})

describe('completion of a name', () => {
  it('knows how much a package is used whose newest release has expired', async () => {
    const expiring = { ...acme, writer: testKey(60) }
    const lasting = delegateOf(acme)
    const needing = { dependencies: [['rope-long', '^1', 'runtime']] as const }
    await using here = await searchingNode({
      records: [
        ...[acme.genesis, lasting, delegateOf(expiring, { seq: 3, after: lasting, body: { expires: 1 } })],
        ...[releaseOf(acme, 'pkg:npm/rope-long@1.0.0'), releaseOf(expiring, 'pkg:npm/rope-long@2.0.0')],
        ...releasing(port, [{ name: 'rope' }, { name: 'deck', ...needing }, { name: 'mast', ...needing }]),
      ],
    })
    expect(complete(here.node, { text: 'npm:rope', limit: 2 }).names).toEqual(['npm:rope-long', 'npm:rope'])
  })

  it('gives the short names that begin so, with their type or without', async () => {
    await using here = await searchingNode({ records: releasing(acme, PACKAGES) })
    const names = (text: string, limit = 10) => complete(here.node, { text, limit }).names
    expect(names('hull').toSorted()).toEqual(['npm:hull-grep', 'pypi:hull-tools'])
    expect(names('npm:hu')).toEqual(['npm:hull-grep'])
    expect(names('npm:@ac')).toEqual(['npm:@acme/hull'])
    expect(names('npm:@')).toEqual(['npm:@acme/hull'])
    expect(names('pypi:')).toEqual(['pypi:hull-tools'])
    expect(names('npm:@acme/hu')).toEqual(['npm:@acme/hull'])
    expect(names('HULL-G')).toEqual(['npm:hull-grep'])
    expect(names('hull', 1)).toHaveLength(1)
    for (const text of ['cargo:hull', 'grep', 'zz', '🦀', 'std::hull']) expect([text, names(text)]).toEqual([text, []])
    await here.node.relations.change(ACME, { do: 'block' })
    expect(names('hull')).toEqual([])
  })
})

describe('a search over a package with a damaged record', () => {
  it('finds the others, shows it as denied where it is asked for, and names it to nobody while it is not public', async () => {
    const secret = publisherOf(60)
    const own = secret.genesis.publisher
    const hidden = [
      secret.genesis,
      delegateOf(secret, { body: { visibility: 'private' } }),
      releaseOf(secret, 'pkg:npm/hull-secret@1.0.0', { description: 'a hull' }),
    ]
    await using here = await searchingNode({ own, records: [...releasing(acme, PACKAGES), ...hidden], hits: [] })
    const { library, relations } = here.node
    await relations.change(ACME, { do: 'follow' }, 'acme')
    const damaged = new Set<string>()
    const { recordAt } = library.records
    library.records.recordAt = head => {
      if (damaged.has(head.publisher)) throw new StorageError('E_RECORD_CORRUPT', 'altered on disk')
      return recordAt.call(library.records, head)
    }
    const damage = async (publisher: PublisherId) => {
      damaged.add(publisher)
      // Nothing of what it says is in memory any more.
      for (let i = 0; i < 3; i++) await library.absorb([])
      library.catalogue.rest()
    }
    await damage(own)
    expect(() => library.package(own, 'pkg:npm/hull-secret' as PackageName)).toThrow('altered')
    expect(await purlsOf(here.node, 'hull')).toEqual([GREP, HULL, TOOLS].sort())
    const all = await asking(here.node, 'hull-secret', { local: false, all: true })
    expect(all.hits.find(({ name }) => name === 'hull-secret')?.verdict).toMatchObject({ rule: 'damaged' })
    expect(await seekPublishers(here.node, 'pkg:npm/hull-secret')).toEqual([])
    expect(here.asked).toEqual([])
    await damage(ACME)
    expect((await asking(here.node, 'hull-grep', { local: true, all: true })).hits.map(({ purl }) => purl)).toEqual([
      'pkg:npm/hull-secret',
    ])
    expect(complete(here.node, { text: 'hull', limit: 9 }).names).toEqual(['npm:hull-secret'])
  })
})
