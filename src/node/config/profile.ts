import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NodeError } from '../errors.ts'
import { isThere } from '../storage/json-file.ts'
import { configPathOf, writeConfigText } from './config-file.ts'

export const PROFILES = ['publisher', 'company', 'mirror'] as const
export type Profile = (typeof PROFILES)[number]

/** The commented defaults of a profile, as `config/<profile>.yaml` has them. */
async function profileTextOf(profile: Profile): Promise<string> {
  return await readFile(join(await projectRootOf(import.meta.dirname), 'config', `${profile}.yaml`), 'utf8')
}

/** Writes a profile's commented config.yaml into a home that has none; false when there is one already. */
export async function writeProfile(home: string, profile: Profile): Promise<boolean> {
  if (await isThere(configPathOf(home))) return false
  await writeConfigText(home, await profileTextOf(profile))
  return true
}

/** The folder above with `config/publisher.yaml`: sources and bundle lie at different depths. */
async function projectRootOf(folder: string): Promise<string> {
  if (await isFile(join(folder, 'config', 'publisher.yaml'))) return folder
  const above = dirname(folder)
  if (above === folder)
    throw new NodeError('E_CONFIG', 'the config folder of this installation is missing', {
      hint: 'install hanse again; config/publisher.yaml belongs beside its src or dist folder',
    })
  return await projectRootOf(above)
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
