import { describe, expect, it } from 'vitest'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

describe('what a node owns', () => {
  it('gives a version to one of two publishes that come at once', async () => {
    await using node = await NodeProcess.start(['--network', 'off'])
    const tarballs = await Promise.all(
      ['one', 'two'].map(description => npmTarball({ name: 'racer', version: '1.0.0', description })),
    )
    const results = await Promise.all(tarballs.map(({ path }) => node.try('publish', path)))
    expect(results.map(({ code }) => code).sort()).toEqual([0, 5])
    expect(results.find(({ code }) => code === 5)?.json?.error).toMatchObject({ code: 'E_VERSION_EXISTS' })
  }, 60_000)

  it('keeps private bytes private when another publisher releases the same bytes', async () => {
    await using owner = await NodeProcess.start()
    await using copier = await NodeProcess.start(['--bootstrap', owner.address])
    const tarball = await npmTarball({ name: 'zeppelin', version: '1.0.0', description: 'floats quietly' })
    await owner.run('publish', tarball.path)
    await owner.run('follow', copier.ready.publisher)
    await copier.run('publish', tarball.path, '--public')
    await eventually(
      () => owner.run('search', 'zeppelin', '--local'),
      ({ hits }) => (hits as unknown[]).length === 2,
    )
    await using client = await NodeProcess.start(['--bootstrap', owner.address])
    await client.run('allow', copier.ready.publisher, 'npm:zeppelin')
    await eventually(
      () => client.run('search', 'zeppelin', '--local'),
      ({ hits }) => (hits as unknown[]).length === 1,
    )
    await copier.end('SIGKILL')
    expect((await client.try('install', 'npm:zeppelin')).code).toBe(6)
  }, 120_000)
})
