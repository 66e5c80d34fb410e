import { MACHINE_UPSTREAM, type UpstreamSetting } from '../config/index.ts'

/**
 * What origin records call an upstream, or null for one of which nothing is said and nobody believed.
 *
 * A local name means nothing elsewhere, and an address would tell where a company's registry is. So the registry that npm is
 * configured with anyway is `npmjs`, whatever mirror of it this machine uses, and any other is what the operator says with
 * `shareAs`. One that needs credentials holds what is not for everyone: it has no name that others know.
 */
export function originIdentityOf(name: string, setting: UpstreamSetting | undefined): string | null {
  if (setting !== undefined && (setting.ecosystem !== 'npm' || hasCredentials(setting))) return null
  return setting?.shareAs ?? (name === MACHINE_UPSTREAM ? MACHINE_UPSTREAM : null)
}

const hasCredentials = ({ tokenFile, username, passwordFile }: UpstreamSetting): boolean =>
  tokenFile !== undefined || username !== undefined || passwordFile !== undefined
