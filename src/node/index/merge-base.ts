import { buildBase } from './base-builder.ts'
import { type BaseData, readBase } from './base-data.ts'
import { type BaseSize, baseKeysOf } from './base-layout.ts'
import type { Document } from './document.ts'
import type { SearchStore } from './search-store.ts'
import { parseDocument } from './stored-document.ts'

/** What a merge makes of one base and the changes since: all that it needs beside the store, as plain values. */
export interface MergeJob {
  readonly from: BaseSize
  /** 1 for each document id of that base that does not count any more. */
  readonly hidden: Uint8Array
  readonly changed: readonly Document[]
  /** Of the base that it writes. */
  readonly generation: number
}

/** Carries a merge out, here or in a worker, and answers what is to be kept in memory of the new base. */
export type RunMerge = (job: MergeJob, options: { readonly signal: AbortSignal }) => Promise<BaseData>

/** The base cannot be read whole: it must be rebuilt from the catalogue. */
export class DamagedIndexError extends Error {
  override readonly name = 'DamagedIndexError'

  constructor() {
    super('the search index is damaged')
  }
}

/**
 * Writes the merged base. It counts once the caller stores its size; until then, whenever it ends, the old one does.
 * @throws DamagedIndexError when the old base is
 */
export async function mergeBase(
  store: SearchStore,
  { from, hidden, changed, generation }: MergeJob,
  { signal }: { readonly signal: AbortSignal },
): Promise<BaseData> {
  const base = readBase(store, from)
  if (base.damaged) throw new DamagedIndexError()
  return readBase(store, await buildBase(store, generation, documents(), { signal }))

  async function* documents(): AsyncGenerator<Document> {
    for (let id = 0; id < from.documents; id++) if (hidden[id] === 0) yield documentOf(store, base, id)
    yield* changed
  }
}

function documentOf(store: SearchStore, { size, labels, type, publisher, license, slot }: BaseData, id: number) {
  const stored = store.getSync(baseKeysOf(size.generation).document(slot[id]!))
  const texts = {
    type: labels.types[type[id]!] ?? '',
    publisher: labels.publishers[publisher[id]!] ?? '',
    license: labels.licenses[license[id]!] ?? '',
  }
  const document = parseDocument(stored, texts)
  if (document === null) throw new DamagedIndexError()
  return document
}
