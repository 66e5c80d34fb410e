import { createHash } from 'node:crypto'
import type {
  FeedId,
  KeyList,
  Op,
  OpAddress,
  PublisherId,
  RecordId,
  Sha256,
  UnderstoodBody,
  Visibility,
  WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { base32CidOf, ROOT_FEED, signerOf } from '../../../src/protocol/index.ts'

/** Records made by hand for laws of the fold: ids are CIDs of digests of their fields, envelopes are empty. */

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const cidOf = (text: string): string =>
  base32CidOf(Buffer.concat([Uint8Array.of(1, 0x71, 0x12, 32), Buffer.from(hash(text), 'hex')]))
const keyList = (name: string): KeyList => [[1, Buffer.from(hash(name), 'hex')]]
export const ROOT_KEY = keyList('root')
export const NEW_ROOT_KEY = keyList('new root')
export const RECOVERY_KEY = keyList('recovery')
export const feedOf = (name: string): FeedId => `01${hash(`writer ${name}`)}` as FeedId

const identityFields = (key: KeyList) => ({
  keys: [key],
  threshold: 1,
  next: [],
  recovery: [Buffer.from(signerOf(RECOVERY_KEY), 'hex')],
  salt: Buffer.alloc(16),
})

function record(
  fields: Pick<WellFormedRecord, 'feed' | 'seq' | 'prev' | 'typ' | 'understood' | 'signer'>,
  unique: unknown,
): WellFormedRecord {
  const id = cidOf(JSON.stringify([fields, unique])) as RecordId
  return { id, net: 'main', publisher: PUBLISHER, ts: 0, auth: null, envelope: new Uint8Array(), ...fields }
}

const genesisBody: UnderstoodBody = { typ: 'identity', ...identityFields(ROOT_KEY) }
export const PUBLISHER = cidOf('genesis') as PublisherId
export const GENESIS: WellFormedRecord = {
  ...record(
    { feed: ROOT_FEED, seq: 1, prev: null, typ: 'identity', understood: genesisBody, signer: signerOf(ROOT_KEY) },
    'genesis',
  ),
  id: PUBLISHER as string as RecordId,
}

/** The root record after `last`. */
export function rootRecord(
  last: WellFormedRecord,
  body: UnderstoodBody | null,
  by: KeyList = ROOT_KEY,
  unique: unknown = '',
): WellFormedRecord {
  const typ = body?.typ ?? 'from-the-future'
  const place = { feed: ROOT_FEED, seq: last.seq + 1, prev: last.id }
  return record({ ...place, typ, understood: body, signer: signerOf(by) }, unique)
}

export const delegateBody = (
  name: string,
  visibility: Visibility = 'public',
  scope: readonly string[] = [],
  expires?: number,
): UnderstoodBody => ({
  typ: 'delegate',
  feed: feedOf(name),
  key: [1, Buffer.from(feedOf(name).slice(2), 'hex')],
  role: 'writer',
  scope,
  visibility,
  ...(expires === undefined ? {} : { expires }),
})
export const voidBody = (name: string, from: number, head: WellFormedRecord | null): UnderstoodBody => ({
  typ: 'void',
  feed: feedOf(name),
  from,
  head: head?.id ?? null,
  reason: 'key stolen',
})
export const rotateBody = (key: KeyList = NEW_ROOT_KEY): UnderstoodBody => ({
  typ: 'rotate',
  by: RECOVERY_KEY,
  ...identityFields(key),
})

/** The root feed with these bodies in a row. */
export function rootFeed(...bodies: (UnderstoodBody | null)[]): WellFormedRecord[] {
  const records = [GENESIS]
  for (const body of bodies) records.push(rootRecord(records.at(-1) ?? GENESIS, body))
  return records
}

/** The record of a writer after `last`; no ops: a kind from the future. */
export function writerRecord(
  name: string,
  last: WellFormedRecord | null,
  ops: readonly Op[],
  unique: unknown = '',
): WellFormedRecord {
  const typ = ops[0]?.op ?? 'from-the-future'
  const understood: UnderstoodBody | null = ops.length === 0 ? null : { typ: 'ops', ops }
  const place = { feed: feedOf(name), seq: (last?.seq ?? 0) + 1, prev: last?.id ?? null }
  return record({ ...place, typ, understood, signer: '' }, unique)
}

/** A writer's feed with one op a record; null: a kind from the future. */
export function writerFeed(name: string, ...ops: (Op | null)[]): WellFormedRecord[] {
  const records: WellFormedRecord[] = []
  for (const op of ops) records.push(writerRecord(name, records.at(-1) ?? null, op === null ? [] : [op]))
  return records
}

export function release(purl: string, content = purl, name = 'x.tgz', description?: string): Op {
  const sha256 = hash(content) as Sha256
  const artifact = { name, cid: `bafk${sha256}` as never, size: content.length, sha256 }
  return { op: 'release', purl: purl as never, artifacts: [artifact], summary: description ? { description } : {} }
}
export const yank = (purl: string, reason = 'broken'): Op => ({
  op: 'yank',
  target: { purl: purl as never, reason },
})
export const yankAt = (at: OpAddress, reason = 'wrong file'): Op => ({ op: 'yank', target: { at, reason } })
export const undo = (...ats: OpAddress[]): Op => ({ op: 'yank', target: { undo: ats } })
export const deprecate = (purl: string, reason: string): Op => ({
  op: 'deprecate',
  target: { purl: purl as never, reason },
})
export const tag = (purl: string, name: string, version: string | null): Op => ({
  op: 'tag',
  purl: purl as never,
  tag: name,
  version,
})
export const at = (record: WellFormedRecord | undefined, index = 0): OpAddress => [record?.id as RecordId, index]
