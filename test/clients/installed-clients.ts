import { access, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runProcess } from '../run-process.ts'

const FOLDER = import.meta.dirname
const MARK = join(FOLDER, 'node_modules/.installed')
const LOCK = join(FOLDER, 'node_modules.lock')
/** Ms after which whoever took the lock has died with it: an installation takes seconds. */
const STALE_MS = 300_000

/** Installs the package managers of this folder's lock once, whichever of several workers comes first. */
export async function installClients(): Promise<void> {
  const wanted = await readFile(join(FOLDER, 'package-lock.json'), 'utf8')
  while ((await readFile(MARK, 'utf8').catch(() => '')) !== wanted) {
    if (await takeLock()) {
      await using _lock = { [Symbol.asyncDispose]: () => rm(LOCK, { recursive: true, force: true }) }
      const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
      const { code, err } = await runProcess('npm', ['ci', ...flags], { cwd: FOLDER, env: process.env })
      if (code !== 0) throw new Error(`npm ci in ${FOLDER} exited ${code}:\n${err}`)
      await writeFile(MARK, wanted)
    } else {
      // What another process does has no event to wait for.
      await setTimeout(200)
    }
  }
}

/** mkdir is the one thing that two processes cannot both do. */
async function takeLock(): Promise<boolean> {
  const taken = await mkdir(LOCK).then(
    () => true,
    () => false,
  )
  if (taken) return true
  const age = Date.now() - (await stat(LOCK).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs
  if (age > STALE_MS) await rm(LOCK, { recursive: true, force: true })
  return false
}

/** The exact version of a package of this folder. */
export async function versionOf(name: string): Promise<string> {
  return (JSON.parse(await readFile(join(FOLDER, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
    .version
}

/** A file of a package of this folder; of several packages the one that this platform has. */
export async function fileOf(path: string, ...others: readonly string[]): Promise<string> {
  const file = join(FOLDER, 'node_modules', path)
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (isThere) return file
  const [next, ...rest] = others
  if (next === undefined) throw new Error(`this platform has no ${path}`)
  return await fileOf(next, ...rest)
}
