import { expect, test } from 'vitest'
import { setTag, type TagParts } from '../../../../src/node/registries/npm/package-tags.ts'
import type { PackageName, TagOp } from '../../../../src/protocol/index.ts'

const NAME = 'pkg:npm/x' as PackageName
const set = (tag: string, version: string | null, purl = NAME): TagOp => ({ op: 'tag', purl, tag, version })

/** An own public package with these tag ops; keeps what is written beside them, the private feed's word last. */
function nodeOf(begin: Readonly<Record<'public' | 'private', readonly TagOp[]>>) {
  const ops = { public: [...begin.public], private: [...begin.private] }
  const written: [string, readonly TagOp[]][] = []
  const tagsOf = () => {
    const tags = new Map<string, string>()
    for (const { tag, version } of [...ops.public, ...ops.private].filter(({ purl }) => purl === NAME)) {
      if (version === null) tags.delete(tag)
      else tags.set(tag, version)
    }
    return tags
  }
  const records = async function* () {
    for (const [feed, each] of Object.entries(ops)) yield { feed, envelope: each }
  }
  const parts = {
    library: {
      package: () => ({ releases: new Map(), tags: tagsOf(), visibility: 'public' }),
      records: { records },
      access: { isPublic: ({ feed }: { feed: string }) => feed === 'public' },
    },
    writer: {
      publisher: 'p',
      own: { choiceOf: (feed: string) => feed },
      write: async (feed: 'public' | 'private', more: readonly TagOp[]) => {
        written.push([feed, more])
        ops[feed].push(...more)
      },
    },
    parseStored: (given: readonly TagOp[]) => ({ understood: { typ: 'ops', ops: given } }),
  }
  return { node: parts as unknown as TagParts, written, tagsOf }
}

test('the removal of a private tag tells the public feed nothing, whatever that says of other tags and packages', async () => {
  const other = 'pkg:npm/y' as PackageName
  const begin = {
    public: [set('beta', '1.0.0'), set('secret', '1.0.0', other)],
    private: [set('secret', '2.0.0')],
  }
  const { node, written, tagsOf } = nodeOf(begin)
  await setTag(node, NAME, 'secret', null)
  expect(written).toEqual([['private', [set('secret', null)]]])
  expect([...tagsOf().keys()]).toEqual(['beta'])
})

test('a tag that the public feed set is removed there, and in the private one where that set it too', async () => {
  const open = nodeOf({ public: [set('beta', '1.0.0')], private: [] })
  await setTag(open.node, NAME, 'beta', null)
  expect(open.written).toEqual([['public', [set('beta', null)]]])
  const both = nodeOf({ public: [set('beta', '1.0.0')], private: [set('beta', '2.0.0')] })
  await setTag(both.node, NAME, 'beta', null)
  expect(both.written.map(([feed]) => feed)).toEqual(['public', 'private'])
  expect(both.tagsOf().size).toBe(0)
})
