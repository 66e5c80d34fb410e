import { join } from 'node:path'
import { type ConfigSources, loadConfig } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { readIdentity } from '../identity/identity-file.ts'
import { publisherOf } from '../library/own-root.ts'
import {
  examine,
  type Finding,
  isThere,
  openArtifactStore,
  openDataDirectory,
  openLevelDatabase,
  repairLevelDatabase,
  StorageError,
} from '../storage/index.ts'
import { checkSettings } from './check-settings.ts'
import { checkStateFiles } from './check-state-files.ts'

/** Examines a home whose node does not run, by the settings of its file and `HANSE_*`; the catalogue is rebuilt by the next start. @throws StorageError E_HOME_IN_USE; NodeError E_NOT_FOUND */
export async function* doctorHome(
  home: string,
  { repair, env = {} }: { readonly repair: boolean } & Pick<ConfigSources, 'env'>,
): AsyncGenerator<Finding> {
  await requireHome(home)
  await using paths = await openDataDirectory(home)
  yield* checkStateFiles(paths, repair)
  const { config } = await loadConfig({ home, env })
  yield* checkSettings(home, config)
  const broken = repair ? await repairedFrom(paths.database) : null
  if (broken !== null) yield { kind: 'database', subject: paths.database, problem: broken, repaired: true }
  await using database = await openLevelDatabase(paths.database)
  const artifacts = await openArtifactStore({ database, folder: paths.content })
  const net = config.network.id
  const identity = await readIdentity(home).catch(() => null)
  const own = identity && publisherOf(net, identity)
  yield* examine({ database, artifacts, net, own }, { repair: repair ? 'everything' : 'nothing' })
}

/** What is no home has nothing to examine, and is not made one. */
async function requireHome(home: string): Promise<void> {
  for (const name of ['format', 'database', 'identity.json']) if (await isThere(join(home, name))) return
  throw new NodeError('E_NOT_FOUND', `${home} is no home of a node`, { hint: 'hanse doctor --home DIR' })
}

/** Rebuilds a database that does not open from its own tables and logs; answers with what was wrong, or null. */
async function repairedFrom(folder: string): Promise<string | null> {
  try {
    await using _opened = await openLevelDatabase(folder)
    return null
  } catch (error) {
    if (!(error instanceof StorageError) || !['E_HOME_CORRUPT', 'E_STORAGE_FAILED'].includes(error.code)) throw error
    await repairLevelDatabase(folder)
    return error.message
  }
}
