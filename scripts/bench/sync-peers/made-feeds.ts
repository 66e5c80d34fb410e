import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { BlockId, PublisherId, ReleaseName, ReleaseOp, Sha256 } from '../../../src/protocol/index.ts'
import { MadePublisher } from '../federated-search-nodes/made-publisher.ts'

/** Envelopes of some publishers in a file, each behind its length (u32, big-endian): root records first, feed by feed. */
export interface MadeFeeds {
  readonly file: string
  readonly publishers: readonly PublisherId[]
  readonly records: number
  /** Mean length of an envelope. */
  readonly meanBytes: number
}

/** Releases of a package, a new one each; the others are versions of those before. */
const VERSIONS = 10
const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId
const DEPENDENCIES = ['alpha', 'beta', 'delta', 'epsilon', 'eta', 'gamma', 'iota', 'kappa']

/** Signs `records` releases of about 1 kB each, the same number by each publisher, and writes them to a file. */
export async function makeFeeds(file: string, records: number, publishers: number): Promise<MadeFeeds> {
  const out = createWriteStream(file)
  const ids: PublisherId[] = []
  let count = 0
  let bytes = 0
  const write = async ({ envelope }: { readonly envelope: Uint8Array }) => {
    count++
    bytes += envelope.length
    const length = Buffer.alloc(4)
    length.writeUInt32BE(envelope.length)
    if (!out.write(Buffer.concat([length, envelope])))
      await new Promise<void>(resolve => out.once('drain', () => resolve()))
  }
  for (let p = 0; p < publishers; p++) {
    const publisher = new MadePublisher()
    ids.push(publisher.root[0].publisher)
    for (const record of publisher.root) await write(record)
    const share = Math.floor(records / publishers)
    for (let i = 0; i < share; i++) await write(publisher.append(releaseOf(p, i)))
  }
  await finished(out.end())
  return { file, publishers: ids, records: count, meanBytes: Math.round(bytes / count) }
}

/** The envelopes of a file. */
export async function readEnvelopes(file: string): Promise<Uint8Array[]> {
  const bytes = await readFile(file)
  const envelopes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    envelopes.push(bytes.subarray(at + 4, end))
    at = end
  }
  return envelopes
}

/** As an npm package's release is: what clients check, a sentence, keywords, dependencies. */
function releaseOf(publisher: number, index: number): ReleaseOp {
  const name = `lib-${publisher}-${Math.floor(index / VERSIONS)}`
  const version = `1.${index % VERSIONS}.0`
  const integrity = [`sha1-${randomBytes(20).toString('base64')}`, `sha512-${randomBytes(64).toString('base64')}`]
  const sha256 = randomBytes(32).toString('hex') as Sha256
  return {
    op: 'release',
    purl: `pkg:npm/${name}@${version}` as ReleaseName,
    artifacts: [{ name: `${name}-${version}.tgz`, cid: CID, size: 12_345 + index, sha256, integrity }],
    summary: {
      description: `A small library that does one thing well and says so in a sentence of usual length, number ${index}`,
      keywords: ['http', 'client', 'fast', 'typed', 'stream'],
      license: 'MIT',
      dependencies: DEPENDENCIES.map(each => [`${each}-pkg`, '^1.2.3', 'runtime'] as const),
      scripts: false,
    },
  }
}
