import * as z from 'zod'
import type { PublisherId } from '../../protocol/index.ts'
import type { LevelDatabase, Write } from '../storage/index.ts'
import type { Evicted, Standing } from './unknown-publishers.ts'

const STANDING = 'unknown '
const EVICTED = 'evicted '
const standingSchema = z.strictObject({
  records: z.number(),
  bytes: z.number(),
  dayRecords: z.number(),
  dayBytes: z.number(),
  dayAt: z.number(),
  changedAt: z.number(),
  spentDays: z.number(),
})
const evictedSchema = z.strictObject({ until: z.number(), times: z.number() })

/** What is remembered of unknown publishers over restarts. What cannot be read is as if it was never written: it costs a quota anew. */
export const unknownBook = (database: LevelDatabase) => ({
  async read() {
    return {
      standings: await entriesOf(database, STANDING, standingSchema),
      evicted: await entriesOf(database, EVICTED, evictedSchema),
    }
  },
  async write(
    publishers: Iterable<PublisherId>,
    now: { of(id: PublisherId): Standing | undefined; evictionOf(id: PublisherId): Evicted | undefined },
  ): Promise<void> {
    const writes: Write[] = []
    for (const id of publishers) {
      writes.push(writeOf(`${STANDING}${id}`, now.of(id)), writeOf(`${EVICTED}${id}`, now.evictionOf(id)))
    }
    await database.commit(writes)
  },
})

export type UnknownBook = ReturnType<typeof unknownBook>

function writeOf(key: string, value: object | undefined): Write {
  if (value === undefined) return { type: 'del', table: 'state', key }
  return { type: 'put', table: 'state', key, value: Buffer.from(JSON.stringify(value)) }
}

async function entriesOf<T>(
  database: LevelDatabase,
  prefix: string,
  schema: z.ZodType<T>,
): Promise<[PublisherId, T][]> {
  const found: [PublisherId, T][] = []
  for await (const [key, value] of database.scan('state', { gte: prefix, lt: `${prefix}\x7f` })) {
    const parsed = schema.safeParse(jsonOf(value))
    if (parsed.success) found.push([key.slice(prefix.length) as PublisherId, parsed.data])
  }
  return found
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return null
  }
}
