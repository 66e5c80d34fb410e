import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { MAX_STATEMENTS_OF_VERSION } from '../../../src/node/sharing/limits.ts'
import { OriginStatements } from '../../../src/node/sharing/origin-statements.ts'
import type { PackageName, PackageState, PublisherId } from '../../../src/protocol/index.ts'

const HULL = 'pkg:npm/hull' as PackageName
const [OWN, HARBOUR] = ['own', 'harbour'] as PublisherId[]

test('a flood of statements about one version is read as far as it can matter, and takes none from another', () => {
  const originOf = (version: string, word: string | number) => {
    const digest = `sha512-${createHash('sha512').update(String(word)).digest('base64')}`
    return { version, op: { upstream: 'npmjs', digest, time: null, artifact: { name: 'hull.tgz' } } }
  }
  const flood = Array.from({ length: MAX_STATEMENTS_OF_VERSION * 4 }, (_, at) => originOf('1.0.0', at))
  const state = { origins: [...flood, originOf('1.1.0', 'right')] } as unknown as PackageState
  const statements = new OriginStatements({
    own: OWN!,
    library: { package: () => state },
    relations: {
      known: () => [],
      relationOf: () => ({ ...{ follow: true, allow: 'none', mirror: false, block: false }, origin: true }),
    },
  })
  const stated = statements.ofPublisher(HARBOUR!, HULL, 'npmjs')
  expect(stated.get('1.0.0')).toHaveLength(MAX_STATEMENTS_OF_VERSION)
  expect(stated.get('1.1.0')).toHaveLength(1)
})
