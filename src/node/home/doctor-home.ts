import { loadConfig } from '../config/index.ts'
import {
  examine,
  type Finding,
  openArtifactStore,
  openDataDirectory,
  openLevelDatabase,
  repairLevelDatabase,
  StorageError,
} from '../storage/index.ts'
import { checkStateFiles } from './check-state-files.ts'

/** Examines a home whose node does not run; the catalogue is rebuilt by the next start. @throws StorageError E_HOME_IN_USE */
export async function* doctorHome(home: string, { repair }: { readonly repair: boolean }): AsyncGenerator<Finding> {
  await using paths = await openDataDirectory(home)
  yield* checkStateFiles(paths, repair)
  const { config } = await loadConfig({ home })
  const broken = repair ? await repairedFrom(paths.database) : null
  if (broken !== null) yield { kind: 'database', subject: paths.database, problem: broken, repaired: true }
  await using database = await openLevelDatabase(paths.database)
  const artifacts = await openArtifactStore({ database, folder: paths.content })
  yield* examine({ database, artifacts, net: config.network.id }, { repair })
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
