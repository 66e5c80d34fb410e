import { join } from 'node:path'
import { type ConfigSources, loadConfig, type Profile, writeProfile } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { createIdentity, readIdentity, saveIdentity } from '../identity/identity-file.ts'
import { publisherOf } from '../library/own-root.ts'
import { POLICY_FILE } from '../policy/index.ts'
import { openDataDirectory, replaceFile } from '../storage/index.ts'
import { recoveryDocumentOf } from '../use-cases/keys.ts'

/**
 * Writes configuration and keys into a home that has none, and exports the recovery key; a config.yaml that is there stays.
 * `env`: the `HANSE_*` variables, as the start reads them. @throws NodeError E_HOME_EXISTS
 */
export async function initHome(home: string, profile: Profile, env: ConfigSources['env'] = {}): Promise<object> {
  await using _paths = await openDataDirectory(home)
  if ((await readIdentity(home)) !== null) {
    throw new NodeError('E_HOME_EXISTS', `${home} has keys already`, { hint: 'choose another home with --home DIR' })
  }
  await writeProfile(home, profile)
  const { config } = await loadConfig({ home, env })
  const identity = { ...createIdentity(Date.now()), recoveryExported: true }
  const publisher = publisherOf(config.network.id, identity)
  const recoveryFile = join(home, 'recovery-key.json')
  await replaceFile(
    recoveryFile,
    Buffer.from(`${JSON.stringify(recoveryDocumentOf(identity, publisher), null, 2)}\n`),
    0o600,
  )
  await saveIdentity(home, identity)
  return {
    home,
    profile,
    publisher,
    networkId: config.network.id,
    config: join(home, 'config.yaml'),
    policy: join(home, POLICY_FILE),
    network: config.network.mode,
    routes: config.routes.map(({ match, to }) => `${match} → ${to}`),
    recoveryKey: recoveryFile,
    next: 'move the recovery key off this machine, then: hanse start; with another network.id this publisher has another id',
  }
}
