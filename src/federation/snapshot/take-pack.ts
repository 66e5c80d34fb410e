import {
  type FeedId,
  type PeerId,
  ProtocolError,
  type PublisherId,
  packSections,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { Intake } from '../sync/intake.ts'
import { RECORDS_A_GROUP } from './limits.ts'

export interface TakePackPorts {
  readonly intake: Pick<Intake, 'verify' | 'commit'>
  /** Whose records are wanted. */
  readonly isWanted: (publisher: PublisherId) => boolean
  /** Whether a feed is known here to be public: a pack has no others. */
  readonly isPublic: (feed: { readonly publisher: PublisherId; readonly feed: FeedId }) => boolean
}

/** What came of a pack: `bad` for what no honest maker packs, after what came before it was stored. */
export type TakenPack = { readonly stored: number; readonly is: 'taken' | 'bad' }

interface Group {
  readonly publishers: PublisherId[]
  readonly envelopes: Uint8Array[]
}

/**
 * Takes the records of a pack in, every signature verified before any record of its group is stored; a group is verified while
 * the one before is stored. Records of feeds that are not public as far as is known here, and those of a later version, are left out.
 */
export async function takePack(
  ports: TakePackPorts,
  pack: Uint8Array,
  maker: PeerId,
  signal: AbortSignal,
): Promise<TakenPack> {
  const open = new Set<FeedId>()
  let stored = 0
  let storing: Promise<void> = Promise.resolve()
  const store = async (records: readonly WellFormedRecord[]) => {
    const taken = await ports.intake.commit(records, maker)
    stored += taken.stored.length
    if (taken.refused.some(({ why }) => why === 'usurped')) throw new ProtocolError('E_RECORD', 'of another publisher')
  }
  try {
    for (const { publishers, envelopes } of groupsOf(packSections(pack, ports.isWanted))) {
      signal.throwIfAborted()
      const verified = await verifiedBeside(storing, ports.intake.verify(envelopes, signal))
      if (verified.some((record, i) => record !== null && record.publisher !== publishers[i]))
        throw new ProtocolError('E_RECORD', 'a record in the section of another publisher')
      const records = verified.filter(record => record !== null)
      for (const { understood } of records.filter(({ feed }) => feed === ROOT_FEED))
        if (understood?.typ === 'delegate' && understood.visibility === 'public') open.add(understood.feed)
      storing = store(records.filter(each => each.feed === ROOT_FEED || open.has(each.feed) || ports.isPublic(each)))
    }
    await storing
    return { stored, is: 'taken' }
  } catch (error) {
    await storing.catch(() => {})
    if (error instanceof ProtocolError) return { stored, is: 'bad' }
    throw error
  }
}

/** What was verified, once what was verified before it is stored; whichever fails first is thrown, and nothing stays unheard. */
async function verifiedBeside(
  storing: Promise<void>,
  verifying: ReturnType<Intake['verify']>,
): ReturnType<Intake['verify']> {
  const [, records] = await Promise.all([storing, verifying])
  return records
}

function* groupsOf(sections: ReturnType<typeof packSections>): Generator<Group> {
  let group: Group = { publishers: [], envelopes: [] }
  for (const { publisher, envelopes } of sections) {
    for (const envelope of envelopes) {
      group.publishers.push(publisher)
      group.envelopes.push(envelope)
      if (group.envelopes.length < RECORDS_A_GROUP) continue
      yield group
      group = { publishers: [], envelopes: [] }
    }
  }
  if (group.envelopes.length > 0) yield group
}
