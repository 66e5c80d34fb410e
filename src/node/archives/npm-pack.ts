import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { NodeError } from '../errors.ts'

const run = promisify(execFile)
/** Bytes of npm's report: it names every packed file. */
const MAX_OUTPUT_BYTES = 64 * 2 ** 20

/** A packed tarball in a folder of its own, which goes when it is disposed. */
export interface PackedFolder extends AsyncDisposable {
  /** Absolute path of the `.tgz`. */
  readonly path: string
}

/** Packs an npm package folder as `npm publish` would, running none of its scripts; throws NodeError E_NPM_PACK. */
export async function packNpmFolder(folder: string, options: { signal?: AbortSignal } = {}): Promise<PackedFolder> {
  const target = await mkdtemp(join(tmpdir(), 'hanse-pack-'))
  const remove = () => rm(target, { recursive: true, force: true })
  try {
    await runNpmPack(resolve(folder), target, options.signal)
    const [name, ...more] = await readdir(target)
    if (name === undefined || more.length > 0)
      throw new NodeError('E_NPM_PACK', 'npm pack did not write exactly one file')
    return { path: join(target, name), [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function runNpmPack(folder: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  const args = ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--offline', '--pack-destination', target]
  try {
    await run('npm', args, { cwd: folder, maxBuffer: MAX_OUTPUT_BYTES, ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const hint = missing ? 'install npm, or give a .tgz instead of a folder' : `run npm pack in ${folder} to see why`
    throw new NodeError('E_NPM_PACK', `npm pack failed in ${folder}`, { cause: error, hint })
  }
}
