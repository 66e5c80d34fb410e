import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NodeError } from '../errors.ts'
import { POLICY_FILE } from '../policy/index.ts'
import { isThere, replaceFile } from '../storage/json-file.ts'
import { configPathOf, writeConfigText } from './config-file.ts'

export const PROFILES = ['publisher', 'company', 'mirror'] as const
export type Profile = (typeof PROFILES)[number]

/** A commented file of this installation's `config` folder. */
async function commentedTextOf(name: string): Promise<string> {
  return await readFile(join(await projectRootOf(import.meta.dirname), 'config', `${name}.yaml`), 'utf8')
}

/** Writes a profile's commented config.yaml and policy.yaml into a home that has no config.yaml; false when there is one already. */
export async function writeProfile(home: string, profile: Profile): Promise<boolean> {
  if (await isThere(configPathOf(home))) return false
  await writePolicy(home, profile)
  await writeConfigText(home, await commentedTextOf(profile))
  return true
}

/** A company looks at what its rules would refuse before they do. */
async function writePolicy(home: string, profile: Profile): Promise<void> {
  const path = join(home, POLICY_FILE)
  if (await isThere(path)) return
  const text = await commentedTextOf('policy')
  const own = profile === 'company' ? text.replace(/^mode: enforce$/m, 'mode: dry-run') : text
  await replaceFile(path, Buffer.from(own), 0o600)
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
