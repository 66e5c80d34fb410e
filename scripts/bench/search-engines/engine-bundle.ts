import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * Bundles the engines' process as the product itself is bundled, so that no memory of its own goes to reading TypeScript;
 * each engine is a chunk, packages stay outside. Gives the program's path.
 */
export async function bundleEngines(folder: string): Promise<string> {
  await build({
    entryPoints: [join(import.meta.dirname, 'engine-main.ts')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
    plugins: [
      {
        name: 'packages-outside',
        setup: ({ onResolve }) => {
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('node:')
              ? null
              : { path: import.meta.resolve(path), external: true },
          )
        },
      },
    ],
  })
  return join(folder, 'engine-main.mjs')
}
