import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LookAlikes, nameListsOf, readNameLists } from '../../../src/node/look-alikes/index.ts'
import type { LookAlikesParts } from '../../../src/node/look-alikes/look-alikes.ts'
import { MOST_USED_NPM } from '../../../src/node/look-alikes/most-used-npm.ts'
import {
  NO_RELATION,
  type PackageName,
  type Pattern,
  type PublisherId,
  type Relation,
} from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const OWN = 'own' as PublisherId
const ACME = 'acme' as PublisherId
type Listener = Parameters<LookAlikesParts['library']['onChange']>[0]

/** Look-alikes over decisions and packages that a test changes. */
function openLookAlikes(names: { readonly mostUsed?: string[]; readonly installed?: string[] } = {}) {
  const state = {
    relations: new Map<PublisherId, Relation>(),
    routes: [] as { match: string; to: string }[],
    packages: new Map<PublisherId, Set<string>>(),
    listener: null as Listener | null,
  }
  const catalogueOf = (id: PublisherId) => ({
    packages: new Map([...(state.packages.get(id) ?? [])].map(each => [each, null] as const)),
  })
  const parts = {
    mostUsed: nameListsOf(names.mostUsed ?? ['express']),
    installed: nameListsOf(names.installed ?? []),
    library: {
      catalogue: { publisher: catalogueOf },
      onChange: (listener: Listener) => {
        state.listener = listener
        return () => {
          state.listener = null
        }
      },
    },
    relations: {
      known: () => [...state.relations.keys()],
      relationOf: (id: PublisherId) => state.relations.get(id) ?? NO_RELATION,
    },
    routes: { list: () => state.routes },
    own: OWN,
  }
  const lookAlikes = new LookAlikes(parts as unknown as LookAlikesParts)
  const publish = (publisher: PublisherId, name: string) => {
    state.packages.set(publisher, new Set([...(state.packages.get(publisher) ?? []), name]))
    state.listener?.([], [{ publisher, package: name as PackageName }])
  }
  const like = (name: string) => lookAlikes.of(name as PackageName)?.of ?? null
  return { state, lookAlikes, publish, like }
}

test('names like the most used ones are found, in their own ecosystem', () => {
  const { like } = openLookAlikes({ mostUsed: ['express', 'pypi:requests'] })
  expect(like('pkg:npm/expres')).toBe('express')
  expect(like('pkg:pypi/expres')).toBeNull()
  expect(like('pkg:pypi/reqeusts')).toBe('requests')
})

test('what this node publishes is protected at once, and is no look-alike itself', () => {
  const { like, publish } = openLookAlikes()
  publish(OWN, 'pkg:npm/%40acme/hull-rigging')
  expect(like('pkg:npm/acme-hull-rigging')).toBe('@acme/hull-rigging')
  publish(OWN, 'pkg:npm/expresss')
  publish(OWN, 'pkg:npm/keelson')
  expect([like('pkg:npm/expresss'), like('pkg:npm/kelson')]).toEqual([null, 'keelson'])
})

test('names of a publisher count while it is allowed, and those of its patterns alone', () => {
  const { state, like, publish } = openLookAlikes()
  publish(ACME, 'pkg:npm/bowsprit')
  publish(ACME, 'pkg:npm/forecastle')
  expect(like('pkg:npm/bowsprti')).toBeNull()
  const allow = ['npm:bow*' as Pattern]
  state.relations.set(ACME, { ...NO_RELATION, follow: true, allow })
  expect([like('pkg:npm/bowsprti'), like('pkg:npm/forecaslte')]).toEqual(['bowsprit', null])
  publish(ACME, 'pkg:npm/bowline-knot')
  expect(like('pkg:npm/bowlineknot')).toBe('bowline-knot')
  state.relations.set(ACME, { ...NO_RELATION, block: true })
  expect(like('pkg:npm/bowsprti')).toBeNull()
})

test('routes protect a name and a scope', () => {
  const { state, like } = openLookAlikes()
  state.routes = [
    { match: 'npm:@harbour/*', to: 'upstream/nexus' },
    { match: 'npm:left-pad-internal', to: 'nowhere' },
    { match: 'npm:*', to: 'upstream/npmjs' },
  ]
  expect(like('pkg:npm/%40harbuor/tools')).toBe('@harbour/*')
  expect(like('pkg:npm/%40harbour/tools')).toBeNull()
  expect(like('pkg:npm/leftpad-internal')).toBe('left-pad-internal')
})

test('what was installed before is protected, unless it looks like a trusted name', () => {
  const { like } = openLookAlikes({ installed: ['npm:mizzenmast', 'npm:expres'] })
  expect([like('pkg:npm/mizenmast'), like('pkg:npm/mizzenmast')]).toEqual(['mizzenmast', null])
  expect(like('pkg:npm/expres')).toBe('express')
})

test('an operator’s own list takes the place of the one that comes with the node', async () => {
  const home = await temporaryFolder()
  const builtIn = await readNameLists(home)
  expect(builtIn.byType.get('npm')?.lookAlikeOf('expres')).toMatchObject({ of: 'express' })
  await writeFile(
    join(home, 'look-alike-names.txt'),
    '# ours\n\nforecastle\r\nnpm:bowsprit\npypi:Requests\nno name!\n__proto__\n',
  )
  const own = await readNameLists(home)
  expect(['expres', 'forecaslte', 'bowsprti'].map(name => own.byType.get('npm')?.lookAlikeOf(name)?.of)).toEqual([
    ...[undefined, 'forecastle', 'bowsprit'],
  ])
  expect(own.byType.get('pypi')?.lookAlikeOf('reqeusts')?.of).toBe('requests')
})

test('a list of no end is refused', async () => {
  const home = await temporaryFolder()
  await writeFile(join(home, 'look-alike-names.txt'), Buffer.alloc(33 * 1024 * 1024, 'a\n'))
  await expect(readNameLists(home)).rejects.toMatchObject({ code: 'E_CONFIG' })
})

test('the list that comes with the node has names alone, each once, and none that looks like another trusted one', async () => {
  expect(new Set(MOST_USED_NPM).size).toBe(MOST_USED_NPM.length)
  expect(MOST_USED_NPM.filter(name => !/^(@[a-z0-9-]+\/)?[a-z0-9][a-z0-9._-]*$/.test(name))).toEqual([])
  const { lookAlikes } = openLookAlikes({ mostUsed: [...MOST_USED_NPM] })
  const purlOf = (name: string) => `pkg:npm/${name.replace('@', '%40')}` as PackageName
  expect(MOST_USED_NPM.filter(name => lookAlikes.of(purlOf(name)) !== null)).toEqual([])
})
