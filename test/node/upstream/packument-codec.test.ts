import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { seenVersionsOf } from '../../../src/node/upstream/npm/first-seen.ts'
import { decodePackument, encodePackument } from '../../../src/node/upstream/npm/packument-codec.ts'
import { parsePackument } from '../../../src/node/upstream/npm/parse-packument.ts'
import { digestsOf } from './fake-registry.ts'

const SEEN = 1_600_000_000_000

/** A document with many versions that say much the same. */
function documentBytes(count: number): Buffer {
  const versions = Array.from({ length: count }, (_, at) => {
    const version = `1.0.${at}`
    const dist = { ...digestsOf(Buffer.from(version)), tarball: `https://u.example/x-${version}.tgz`, unpackedSize: at }
    const scripts = at === 2 ? { postinstall: 'make' } : {}
    const old = at === 0 ? { deprecated: 'broken' } : {}
    return [version, { name: 'x', version, license: 'MIT', scripts, ...old, dist }]
  })
  return Buffer.from(JSON.stringify({ name: 'x', versions: Object.fromEntries(versions), 'dist-tags': {} }))
}

function factsOf(bytes: Buffer) {
  const { document } = parsePackument('x', bytes)!
  const seen = seenVersionsOf(document, null, false, SEEN)
  return { name: 'x', revision: 'r'.repeat(43), etag: null, lastModified: null, seen }
}

/** A file as the first layout had it: nothing of manifests. */
function oldFileOf(bytes: Buffer): Buffer {
  const { seen, ...facts } = factsOf(bytes)
  const header = JSON.stringify({ ...facts, seen: [...seen].map(([version, { mark }]) => [version, 7, mark]) })
  const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')
  const gzipped = gzipSync(bytes)
  const first = `hanse-packument-1 ${sha256(header)} ${sha256(gzipped)}\n`
  return Buffer.concat([Buffer.from(`${first}${header}\n`), gzipped])
}

test('what rules ask of every version is beside the bytes, once for what versions have in common', () => {
  const bytes = documentBytes(500)
  const facts = factsOf(bytes)
  const file = encodePackument(facts, gzipSync(bytes))
  expect(decodePackument('x', file)?.facts).toEqual(facts)
  const header = file.subarray(0, file.indexOf('\n', file.indexOf('\n') + 1)).toString()
  expect(header.match(/MIT/g)).toHaveLength(3)
  expect(header.length / 500).toBeLessThan(80)
})

test('a file of the first layout is read: its times are kept, and its manifests are read from its bytes', () => {
  const bytes = documentBytes(4)
  const decoded = decodePackument('x', oldFileOf(bytes))
  expect(decoded?.gzipped).not.toBeNull()
  const expected = new Map([...factsOf(bytes).seen].map(([version, seen]) => [version, { ...seen, firstSeen: 7 }]))
  expect(decoded?.facts.seen).toEqual(expected)
  expect(decoded?.facts.seen.get('1.0.2')?.manifest.installScripts).toEqual(['postinstall'])
})

test('a file of the first layout whose bytes are no document keeps its times and has no bytes', () => {
  const file = oldFileOf(documentBytes(1))
  const cut = decodePackument('x', file.subarray(0, -3))
  expect(cut).toMatchObject({ gzipped: null, facts: { name: 'x' } })
  expect(cut?.facts.seen.get('1.0.0')?.firstSeen).toBe(7)
})

test('a header that points at a manifest it does not have, or of a layout to come, is as good as none', () => {
  const bytes = documentBytes(1)
  const file = encodePackument(factsOf(bytes), gzipSync(bytes)).toString('latin1')
  const newer = file.replace('hanse-packument-2', 'hanse-packument-3')
  expect(decodePackument('x', Buffer.from(newer, 'latin1'))).toBeNull()
  const [, header = ''] = file.split('\n')
  const wrong = header.replace('"manifests":[["MIT",[],"broken"]]', '"manifests":[]')
  expect(wrong).not.toBe(header)
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  const forged = file.replace(header, wrong).replace(digest(header), digest(wrong))
  expect(decodePackument('x', Buffer.from(forged, 'latin1'))).toBeNull()
})
