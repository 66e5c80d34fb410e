import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { EngineName } from './contender.ts'

const run = promisify(execFile)

/** Engines of others that no dependency of this project brings, by their exact versions. */
const PEERS = {
  minisearch: '7.2.0',
  '@orama/orama': '3.1.18',
  '@orama/plugin-data-persistence': '3.1.18',
  flexsearch: '0.8.212',
} as const

/** Beside the packages, so that names are found there. */
const LOADER = 'loader.mjs'

/** Installs the peers in `folder` with the machine's own npm, once for each choice of versions, if any is wanted. */
export async function installPeers(folder: string, engines: readonly EngineName[]): Promise<string> {
  if (Object.keys(wantedPeers(engines)).length > 0) await installPackages(folder, PEERS)
  return folder
}

/** The versions of the engines that do not come with the project. */
export function engineVersionsOf(engines: readonly EngineName[]): Record<string, string> {
  const sqlite = engines.includes('fts5') ? { sqlite: process.versions.sqlite ?? 'of this Node' } : {}
  return { ...sqlite, ...wantedPeers(engines) }
}

function wantedPeers(engines: readonly EngineName[]): Record<string, string> {
  const wanted: readonly string[] = engines.map(engine => (engine === 'orama' ? '@orama/orama' : engine))
  return Object.fromEntries(Object.entries(PEERS).filter(([name]) => wanted.includes(name)))
}

/** Installs packages by their exact versions in `folder`, if it does not hold them yet. */
export async function installPackages(folder: string, dependencies: Readonly<Record<string, string>>): Promise<void> {
  const manifest = JSON.stringify({ private: true, dependencies })
  const whole = join(folder, 'whole')
  if ((await readFile(whole, 'utf8').catch(() => null)) === manifest) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), manifest)
  await writeFile(join(folder, LOADER), 'export const load = name => import(name)\n')
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: folder, env })
  await writeFile(whole, manifest)
}

/** A peer's module from where it was installed; the caller says what of it is used. */
export async function importPeer<T>(folder: string, name: string): Promise<T> {
  const { load } = (await import(pathToFileURL(join(folder, LOADER)).href)) as { load: (name: string) => Promise<T> }
  return await load(name)
}
