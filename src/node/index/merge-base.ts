import { buildBase } from './base-builder.ts'
import { type BaseData, readBase, storedDocumentOf } from './base-data.ts'
import type { BaseSize } from './base-layout.ts'
import type { Document } from './document.ts'
import { Names } from './names.ts'
import type { SearchStore } from './search-store.ts'

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
  const names = new Names(base.nameBytes, base.nameLengths, base.nameSorted)
  return readBase(store, await buildBase(store, generation, documents(), { signal }))

  async function* documents(): AsyncGenerator<Document> {
    for (let id = 0; id < from.documents; id++) {
      if (hidden[id] !== 0) continue
      const document = storedDocumentOf(store, base, names.nameOf(id), id)
      if (document === null) throw new DamagedIndexError()
      yield document
    }
    yield* changed
  }
}
