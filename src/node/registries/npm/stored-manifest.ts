import { CID } from 'multiformats/cid'
import type { PublisherId, ReleaseState, Sha256 } from '../../../protocol/index.ts'
import type { NodeContext } from '../../node-context.ts'

/** The largest package.json that is read: the bound under which publish accepts one; bytes. */
const MAX_MANIFEST_BYTES = 2 ** 20
const RAW = 0x55
const SHA2_256 = 0x12

/** A release's manifest as it was published, from the record, from here or from a peer; null when nobody has it. */
export async function manifestBytesOf(
  { artifacts, fetcher }: Pick<NodeContext, 'artifacts' | 'fetcher'>,
  publisher: PublisherId,
  { manifest }: ReleaseState,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  if (manifest === null) return null
  if ('bytes' in manifest) return manifest.bytes
  if (manifest.size > MAX_MANIFEST_BYTES) return null
  const { code, multihash } = CID.parse(manifest.cid)
  // Up to one block the CID is that of the bytes themselves (FORMAT section 3), so its digest is their sha-256.
  if (code !== RAW || multihash.code !== SHA2_256) return null
  const sha256 = Buffer.from(multihash.digest).toString('hex') as Sha256
  const held = await artifacts.open(sha256)
  if (held !== null) return await wholeOf(held.bytes)
  const { cid, size } = manifest
  const fetched = await fetcher.fetch({ name: 'package.json', cid, size, sha256 }, publisher, signal)
  const brought = 'failed' in fetched ? null : await artifacts.open(sha256)
  return brought === null ? null : await wholeOf(brought.bytes)
}

async function wholeOf(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}
