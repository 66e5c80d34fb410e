/** Bundles the CLI and what it depends on to dist/hanse.js; the server half is a chunk of its own. */
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/**
 * They find their compiled part beside their own files. Everything else is in the bundle: a node that reads 1,600 modules
 * one by one takes half a second of CPU more to start.
 */
const NATIVE = ['classic-level', 'sodium-native']
/** So long after another build took its place a command that runs may still load chunks of the earlier one. */
const KEEP_OLD_CHUNKS_MS = 3_600_000
/** A build writes its chunks at most so long before its entry, ms. */
const BUILD_MS = 60_000

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
const earlierAt = await stat(entry.path).then(
  ({ mtimeMs }) => mtimeMs,
  () => 0,
)
// The entry last and by rename, so that a command started meanwhile sees the old or the new build, whole.
const partial = join(dist, `.hanse.js.${process.pid}`)
await writeFile(partial, entry.contents)
await rename(partial, entry.path)

const current = new Set(result.outputFiles.map(file => basename(file.path)))
for (const name of await readdir(dist)) {
  if (current.has(name) || !name.startsWith('chunk-')) continue
  const path = join(dist, name)
  const { mtimeMs } = await stat(path)
  // Its hour begins when it is replaced, however long ago it was built.
  const isReplacedNow = mtimeMs <= earlierAt && mtimeMs > earlierAt - BUILD_MS
  if (isReplacedNow) await utimes(path, new Date(), new Date())
  else if (Date.now() - mtimeMs > KEEP_OLD_CHUNKS_MS) await rm(path, { force: true })
}
