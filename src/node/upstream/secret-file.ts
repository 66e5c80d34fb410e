import { readFile, stat } from 'node:fs/promises'
import { NodeError } from '../errors.ts'
import { MAX_SECRET_FILE_BYTES } from './limits.ts'
import type { UpstreamSettings } from './settings.ts'

/** The value of an upstream's Authorization header, or null. @throws NodeError E_CONFIG when its file cannot be used. */
export async function authorizationOf({ name, credentials }: UpstreamSettings): Promise<string | null> {
  if (credentials.kind === 'none') return null
  if (credentials.kind === 'bearer') return `Bearer ${await readSecret(name, credentials.tokenFile)}`
  const password = await readSecret(name, credentials.passwordFile)
  return `Basic ${Buffer.from(`${credentials.username}:${password}`).toString('base64')}`
}

/** An upstream's extra certificates (PEM), or null. @throws NodeError E_CONFIG. */
export async function extraCertificatesOf({ name, caFile }: UpstreamSettings): Promise<string | null> {
  if (caFile === null) return null
  const text = await readBounded(name, caFile)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new NodeError('E_CONFIG', `upstream ${name}: ${caFile} holds no PEM certificate`)
}

async function readSecret(upstream: string, path: string): Promise<string> {
  const secret = (await readBounded(upstream, path)).trim()
  if (/^[\x21-\x7e]{1,8192}$/.test(secret)) return secret
  throw new NodeError(
    'E_CONFIG',
    `upstream ${upstream}: ${path} holds no secret: one line of visible ASCII is expected`,
  )
}

async function readBounded(upstream: string, path: string): Promise<string> {
  try {
    if ((await stat(path)).size <= MAX_SECRET_FILE_BYTES) return await readFile(path, 'utf8')
  } catch (cause) {
    throw new NodeError('E_CONFIG', `upstream ${upstream}: ${path} cannot be read`, { cause })
  }
  throw new NodeError('E_CONFIG', `upstream ${upstream}: ${path} is larger than ${MAX_SECRET_FILE_BYTES} bytes`)
}

/** Reads every file that the settings name. @throws NodeError E_CONFIG for one that cannot be used. */
export async function requireUsable(settings: UpstreamSettings): Promise<void> {
  await authorizationOf(settings)
  await extraCertificatesOf(settings)
}
