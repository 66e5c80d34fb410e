// Child of crash.test.ts: appends one record after the other and prints the id of each once it is acknowledged.
import { writeSync } from 'node:fs'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import { forgePublisher } from '../../federation/sync/forge.ts'

const store = new RecordStore(await openLevelDatabase(process.argv[2]!))
const chain = forgePublisher('acme').chain(2000)
// Eight at a time, so that the kill also falls into the middle of group commits.
for (let at = 0; at < chain.length; at += 8)
  await Promise.all(
    chain.slice(at, at + 8).map(record => store.append([record]).then(() => writeSync(1, `${record.id}\n`))),
  )
