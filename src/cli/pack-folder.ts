import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from './environment.ts'
import { CliError } from './errors.ts'

const run = promisify(execFile)
/** Bytes of what npm says while packing. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

/** A packed tarball in a folder of its own, which goes when it is disposed. */
export interface PackedFolder extends AsyncDisposable {
  /** Absolute path of the `.tgz`. */
  readonly path: string
}

/** What npm needs of its surroundings. */
export interface Surroundings {
  readonly environment: Environment
  readonly signal: AbortSignal
}

/** Packs an npm package folder as `npm publish` would, running none of its scripts. @throws CliError E_USAGE, E_NPM */
export async function packFolder(folder: string, surroundings: Surroundings): Promise<PackedFolder> {
  await requireManifest(join(folder, 'package.json'))
  const target = await mkdtemp(join(tmpdir(), 'hanse-pack-'))
  const remove = () => rm(target, { recursive: true, force: true })
  try {
    await runNpmPack(folder, target, surroundings)
    const [name, ...more] = await readdir(target)
    if (name === undefined || more.length > 0) throw new CliError('E_NPM', 'npm pack did not write exactly one file')
    return { path: join(target, name), [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** What npm itself would say of a missing or broken manifest, without its log. @throws CliError E_USAGE */
async function requireManifest(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(cause => {
    throw new CliError('E_USAGE', `there is no ${path} to read`, {
      cause,
      hint: 'hanse publish FILE, with the built archive itself: .tgz, .whl, .tar.gz, .crate',
    })
  })
  const manifest = parseManifest(path, text)
  for (const field of ['name', 'version'] as const) {
    if (typeof manifest[field] === 'string' && manifest[field] !== '') continue
    throw new CliError('E_USAGE', `${path} has no ${field}`, { hint: `correct ${path}` })
  }
}

function parseManifest(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    throw new CliError('E_USAGE', `${path} is not JSON`, { cause, hint: `correct ${path}` })
  }
}

async function runNpmPack(folder: string, target: string, { environment, signal }: Surroundings): Promise<void> {
  const args = ['pack', '--ignore-scripts', '--loglevel=error', '--offline', '--pack-destination', target]
  try {
    await run('npm', args, { cwd: folder, env: environment.inherited, signal, maxBuffer: MAX_OUTPUT_BYTES })
  } catch (cause) {
    if (signal.aborted) throw new CliError('E_INTERRUPTED', 'interrupted', { cause })
    const { code, stderr } = cause as NodeJS.ErrnoException & { readonly stderr?: string }
    const isMissing = code === 'ENOENT'
    throw new CliError('E_NPM', isMissing ? 'there is no npm to pack a folder with' : `npm pack failed in ${folder}`, {
      cause: stderr ? new Error(stderr) : cause,
      hint: isMissing ? 'install npm, or publish a .tgz' : `run npm pack in ${folder} to see why`,
    })
  }
}
