import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startFakeRegistry } from './fake-registry.ts'
import { publishInstalled } from './package-tarball.ts'
import { bytesOfTarball, CALM, openFixture } from './upstream-fixture.ts'

const MODULES = join(import.meta.dirname, '../../../node_modules')

test.each(['semver', 'zod', '@types/node', 'yaml'])(
  '%s, packed as installed here, comes through the upstream unchanged',
  async name => {
    await using registry = await startFakeRegistry()
    const { version } = await publishInstalled(registry, join(MODULES, name))
    await using fixture = await openFixture(registry.url)
    const packument = await fixture.upstream.packument(name, CALM)
    expect(JSON.stringify(packument!.document)).toBe(registry.textOf(name))
    const bytes = await bytesOfTarball(await fixture.upstream.tarball(name, version, CALM))
    const { integrity } = packument!.document.versions[version]!.dist
    expect(`sha512-${createHash('sha512').update(bytes).digest('base64')}`).toBe(integrity)
  },
)
