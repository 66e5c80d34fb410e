import { loadConfig } from '../config/index.ts'
import { examine, type Finding, openArtifactStore, openDataDirectory, openLevelDatabase } from '../storage/index.ts'

/** Examines a home whose node does not run; the catalogue is rebuilt by the next start. @throws StorageError E_HOME_IN_USE */
export async function* doctorHome(home: string, { repair }: { readonly repair: boolean }): AsyncGenerator<Finding> {
  await using paths = await openDataDirectory(home)
  const { config } = await loadConfig({ home })
  await using database = await openLevelDatabase(paths.database)
  const artifacts = await openArtifactStore({ database, folder: paths.content })
  yield* examine({ database, artifacts, net: config.network.id }, { repair })
}
