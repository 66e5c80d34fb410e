import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ComparedDigests } from '../../../src/node/sharing/compared-digests.ts'
import { parseDigest } from '../../../src/node/sharing/digest-text.ts'
import type { OriginStatement, OriginStatements } from '../../../src/node/sharing/origin-statements.ts'
import { UpstreamWord, type UpstreamWordParts } from '../../../src/node/sharing/upstream-word.ts'
import { seenVersionsOf } from '../../../src/node/upstream/npm/first-seen.ts'
import { KeptPackument } from '../../../src/node/upstream/npm/kept-packument.ts'
import { parsePackument } from '../../../src/node/upstream/npm/parse-packument.ts'
import type { PublisherId } from '../../../src/protocol/index.ts'

const digest = `sha512-${createHash('sha512').update('hull').digest('base64')}`
const dist = { tarball: 'https://registry.example.org/hull.tgz', integrity: digest }

function listing(...listed: readonly string[]): KeptPackument {
  const versions = Object.fromEntries(listed.map(version => [version, { name: 'hull', version, dist }]))
  const bytes = Buffer.from(JSON.stringify({ name: 'hull', versions, 'dist-tags': {} }))
  const { document } = parsePackument('hull', bytes)!
  const seen = seenVersionsOf(document, null, false, 0)
  return new KeptPackument({ name: 'hull', revision: 'r', etag: null, lastModified: null, seen }, bytes, document)
}

test('only versions that a document lists are looked at for it, however many are stated', () => {
  const stated = new Map<string, readonly OriginStatement[]>()
  for (let at = 0; at < 500; at++) {
    const statement = { version: `1.0.${at}`, digest, expected: parseDigest(digest)!, of: 'bytes' }
    stated.set(statement.version, [statement as unknown as OriginStatement])
  }
  const publisher = 'harbour' as PublisherId
  const statements = {
    believed: () => [publisher],
    counted: () => [publisher],
    of: () => new Map([[publisher, stated]]),
  }
  const asked: string[] = []
  const word = new UpstreamWord({
    ...{ upstream: 'npmjs', trustTime: true, compared: new ComparedDigests() },
    statements: statements as unknown as OriginStatements,
    disputeOf: (_name, version) => {
      asked.push(version)
      return version === '1.0.7' ? 'they disagree' : null
    },
  } as UpstreamWordParts)
  const packument = listing('1.0.7', '2.0.0')
  expect(word.compared('hull', packument).revision).not.toBe(packument.revision)
  expect(asked).toEqual(['1.0.7'])
})
