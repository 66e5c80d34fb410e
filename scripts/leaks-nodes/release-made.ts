import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { layoutOf } from '../../src/federation/index.ts'
import { type BlockId, cidOf, type RecordId } from '../../src/protocol/index.ts'
import type { Needles } from './needles.ts'

/** A package of one version that was made up: every text of it is there once in the world. */
export interface MadePackage {
  readonly name: string
  readonly version: string
  readonly word: string
  readonly tarball: Buffer
}

/** A release of it, as the node answered. */
export interface MadeRelease extends MadePackage {
  readonly cid: BlockId
  readonly record: RecordId
  readonly leaves: readonly BlockId[]
}

const LETTERS = 'bcdfghjklmnpqrstvwxz'

/** `length` letters that make no word. */
const lettersOf = (random: () => number, length: number): string =>
  Array.from({ length }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')

export function makePackage(
  random: () => number,
  name = `${lettersOf(random, 5)}-${lettersOf(random, 7)}`,
): MadePackage {
  const digits = () => 10_000 + Math.floor(random() * 89_999)
  const version = `${1 + Math.floor(random() * 9)}.${digits()}.${digits()}`
  const word = lettersOf(random, 12)
  const manifest = { name, version, description: `carries ${word}`, keywords: [`k${word}`] }
  const index = `module.exports = ${JSON.stringify(lettersOf(random, 400))}\n`
  const files = { 'package/package.json': JSON.stringify(manifest), 'package/index.js': index }
  return { name, version, word, tarball: gzipSync(Buffer.concat([...tarOf(files), Buffer.alloc(1024)])) }
}

/** Entries of a ustar archive. */
function* tarOf(files: Readonly<Record<string, string>>): Generator<Buffer> {
  for (const [path, text] of Object.entries(files)) {
    const body = Buffer.from(text)
    const header = Buffer.alloc(512)
    header.write(path)
    header.write('0000644\x000000000\x000000000\0', 100)
    header.write(`${body.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        0`, 124)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((all, byte) => all + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    yield Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
  }
}

export async function releasedAs(made: MadePackage, cid: BlockId, record: RecordId): Promise<MadeRelease> {
  const { leaves } = await layoutOf([made.tarball])
  return { ...made, cid, record, leaves }
}

/** Everything by which a release could be told: names, words, ids and digests, in each spelling that anything here uses. */
export function addNeedles(needles: Needles, { name, version, word, tarball, cid, record, leaves }: MadeRelease): void {
  for (const text of [name, version, word]) needles.add(text, Buffer.from(text))
  for (const id of new Set<BlockId | RecordId>([cid, record, ...leaves])) {
    const digest = Buffer.from(cidOf(id).multihash.digest)
    needles.add(id, Buffer.from(id))
    needles.add(`digest of ${id}`, digest)
    needles.add(`hex of ${id}`, Buffer.from(digest.toString('hex')))
    needles.add(`base64 of ${id}`, Buffer.from(digest.toString('base64').slice(0, -2)))
  }
  for (const hash of ['sha1', 'sha512']) {
    const digest = createHash(hash).update(tarball).digest()
    needles.add(`${hash} of ${cid}`, digest)
    needles.add(`${hash} of ${cid} in hex`, Buffer.from(digest.toString('hex')))
    needles.add(`${hash} of ${cid} in base64`, Buffer.from(digest.toString('base64')))
  }
}
