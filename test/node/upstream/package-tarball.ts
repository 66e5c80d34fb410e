import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'tar'
import type { FakeRegistry } from './fake-registry.ts'

/** A package's tarball as npm packs it: `package/package.json` and, for size, a file of bytes nobody can compress. */
export async function packageTarball(
  manifest: Readonly<Record<string, unknown>>,
  ballast: Uint8Array = new Uint8Array(0),
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'hanse-pack-'))
  try {
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
    if (ballast.length > 0) await writeFile(join(folder, 'ballast.bin'), ballast)
    return await packed(folder, ballast.length > 0 ? ['package.json', 'ballast.bin'] : ['package.json'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Publishes an installed package's files to a registry under its own name and version. */
export async function publishInstalled(
  registry: FakeRegistry,
  folder: string,
): Promise<{ name: string; version: string }> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const copy = await mkdtemp(join(tmpdir(), 'hanse-pack-'))
  try {
    await cp(folder, copy, { recursive: true, filter: path => !path.slice(folder.length).includes('node_modules') })
    const { name, version } = manifest
    await registry.publish(name, version, { tarball: await packed(copy, ['.']), manifest })
    return { name, version }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function packed(cwd: string, files: readonly string[]): Promise<Uint8Array> {
  const stream = create({ gzip: true, portable: true, prefix: 'package', cwd, mtime: new Date(0) }, [...files])
  const chunks: Uint8Array[] = []
  for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}
