/** Bundles the CLI and what it depends on to dist/hanse.js; the server half is a chunk of its own. */
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/**
 * They find their compiled part beside their own files. Everything else is in the bundle: a node that reads 1,600 modules
 * one by one takes half a second of CPU more to start.
 */
const NATIVE = ['classic-level', 'sodium-native']
/** Chunks of an earlier build may still be loaded lazily by a running node for this long. */
const KEEP_OLD_CHUNKS_MS = 3_600_000

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

const result = await build({
  absWorkingDir: root,
  entryPoints: {
    hanse: 'src/cli/main.ts',
    'hash-worker': 'src/node/hashing/hash-worker.ts',
    'merge-worker': 'src/node/index/merge-worker.ts',
    'signature-worker': 'src/node/verification/signature-worker.ts',
  },
  outdir: 'dist',
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  charset: 'utf8',
  legalComments: 'none',
  write: false,
  external: NATIVE,
  banner: {
    js: "import{createRequire as __hanseRequire}from'node:module';const require=__hanseRequire(import.meta.url);",
  },
  logLevel: 'warning',
})

await mkdir(dist, { recursive: true })
const entry = result.outputFiles.find(file => basename(file.path) === 'hanse.js')
if (!entry) throw new TypeError('esbuild produced no hanse.js')
for (const file of result.outputFiles) if (file !== entry) await writeFile(file.path, file.contents)
// The entry last and by rename, so that a command started meanwhile sees the old or the new build, whole.
const partial = join(dist, `.hanse.js.${process.pid}`)
await writeFile(partial, entry.contents)
await rename(partial, entry.path)

const current = new Set(result.outputFiles.map(file => basename(file.path)))
for (const name of await readdir(dist)) {
  if (current.has(name) || !name.startsWith('chunk-')) continue
  const { mtimeMs } = await stat(join(dist, name))
  if (Date.now() - mtimeMs > KEEP_OLD_CHUNKS_MS) await rm(join(dist, name), { force: true })
}
