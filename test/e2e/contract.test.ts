import { access, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crateBytes, fileIn, folderOfTest, sdistBytes, wheelBytes } from './archive-samples.ts'
import { errorOf, eventually, hanse, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

let folder: string
/** `harbour` and `rival` publish, `office` uses. */
let harbour: NodeProcess
let rival: NodeProcess
let office: NodeProcess
beforeAll(async () => {
  folder = await folderOfTest()
  harbour = await NodeProcess.start()
  ;[rival, office] = await Promise.all([NodeProcess.start(), NodeProcess.start(['--bootstrap', harbour.address])])
})
afterAll(async () => {
  for (const node of [harbour, rival, office]) await node[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const tarball = async (name: string, version: string, description = 'rigging') =>
  (await npmTarball({ name, version, description })).path

describe('the command line', () => {
  it('exits 6 without a node, 4 with a wrong token, 2 for what it does not understand', async () => {
    const home = join(folder, 'nowhere')
    const commands = [
      'status',
      'publish x',
      'search x',
      'info npm:x',
      'install npm:x',
      'follow x',
      'publishers',
      'peer list',
    ]
    commands.push('route list', 'why npm:x', 'config list', 'key list', 'backup x')
    const results = await Promise.all(commands.map(command => hanse([...command.split(' '), '--home', home])))
    const help = `\nhelp: hanse start --home ${home}\n`
    expect(results.map(({ code, stderr }) => [code, stderr.endsWith(help)])).toEqual(commands.map(() => [6, true]))

    const elsewhere = ['--json', '--node', harbour.ready.http]
    expect((await hanse(['status', ...elsewhere])).json).toMatchObject({ peerId: harbour.ready.peerId })
    expect(errorOf(await hanse(['follow', rival.ready.publisher, ...elsewhere]))).toEqual([4, 'E_UNAUTHORISED'])
    expect(errorOf(await hanse(['key', 'export', ...elsewhere, '--token', 'wrong']))).toEqual([4, 'E_UNAUTHORISED'])
    const usage = [
      'bogus',
      'peer',
      'search',
      'search x --limit 101',
      'install nonsense',
      'follow nobody',
      'start --http x',
      'search x --type nmp',
      `allow ${rival.ready.publisher} npm:[`,
      `follow ${rival.ready.publisher} --as self`,
      'route add npm:x upstream/nobody',
    ]
    const refused = await Promise.all(usage.map(command => office.try(...command.split(' '))))
    expect(refused.map(({ code }) => code)).toEqual(usage.map(() => 2))
  })
})

describe('publishing', () => {
  it('reads name and version of each kind from the archive, or from --purl', async () => {
    const files = [
      await fileIn(folder, 'foo_bar-1.0-py3-none-any.whl', wheelBytes()),
      await fileIn(folder, 'foo_bar-1.0.tar.gz', sdistBytes()),
      await fileIn(folder, 'winch-0.3.1.crate', crateBytes('winch', '0.3.1')),
      await fileIn(folder, 'winch-0.3.5.crate', crateBytes('winch', '0.3.5')),
      await fileIn(folder, 'winch-0.4.0.crate', crateBytes('winch', '0.4.0')),
    ]
    const purls: unknown[] = []
    for (const file of files) purls.push((await harbour.run('publish', file, '--public')).purl)
    expect(purls).toEqual([
      'pkg:pypi/foo-bar@1.0',
      'pkg:pypi/foo-bar@1.0',
      'pkg:cargo/winch@0.3.1',
      'pkg:cargo/winch@0.3.5',
      'pkg:cargo/winch@0.4.0',
    ])
    const chart = await fileIn(folder, 'chart.bin', Buffer.from('depths'))
    expect(errorOf(await harbour.try('publish', chart))).toEqual([2, 'E_USAGE'])
    expect(errorOf(await harbour.try('publish', chart, '--purl', 'generic:chart'))).toEqual([2, 'E_PURL'])
    expect(await harbour.run('publish', chart, '--purl', 'generic:chart@7', '--public')).toMatchObject({
      purl: 'pkg:generic/chart@7',
    })
    expect(errorOf(await harbour.try('publish', files[2] ?? '', '--purl', 'cargo:winch@9.0.0'))).toEqual([
      5,
      'E_ARCHIVE_MISMATCH',
    ])
  })

  it('packs a folder without running its scripts, and changes nothing with --dry-run', async () => {
    const project = join(folder, 'halyard')
    await mkdir(project)
    const manifest = { name: 'halyard', version: '0.1.0', scripts: { prepack: 'touch ran', prepare: 'touch ran' } }
    await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
    expect(await harbour.run('publish', project, '--dry-run', '--public')).toMatchObject({
      record: null,
      dryRun: true,
      visibility: 'public',
    })
    expect((await harbour.try('info', 'npm:halyard')).code).toBe(3)
    expect(await harbour.run('publish', project)).toMatchObject({
      purl: 'pkg:npm/halyard@0.1.0',
      visibility: 'private',
    })
    expect(await readdir(project)).toEqual(['package.json'])
    await writeFile(join(project, 'package.json'), JSON.stringify({ ...manifest, version: '0.2.0', private: true }))
    expect(errorOf(await harbour.try('publish', project, '--public'))).toEqual([5, 'E_ARCHIVE_PRIVATE'])
    expect(await harbour.run('publish', project)).toMatchObject({ visibility: 'private' })
  })

  it('makes a private release public by publishing it again, never back, and never with other bytes', async () => {
    const path = await tarball('keel', '1.0.0')
    const first = await harbour.run('publish', path)
    expect(await harbour.run('publish', path)).toEqual({ ...first, already: true })
    const open = await harbour.run('publish', path, '--public')
    expect(open).toMatchObject({ visibility: 'public', sha256: first.sha256 })
    expect(open.record).not.toBe(first.record)
    const note = expect.stringContaining('public already')
    expect(await harbour.run('publish', path)).toEqual({ ...open, already: true, note })
    const other = await tarball('keel', '1.0.0', 'other bytes')
    expect(errorOf(await harbour.try('publish', other, '--public'))).toEqual([5, 'E_VERSION_EXISTS'])
    const twice = await Promise.all(
      ['a', 'b'].map(async each => harbour.try('publish', await tarball('keel', '2.0.0', each), '--public')),
    )
    expect(twice.map(({ code }) => code).toSorted()).toEqual([0, 5])
  })
})

describe('installing', () => {
  it('takes the version a range means by the rules of its ecosystem, under its own file name', async () => {
    for (const version of ['1.0.0', '1.2.0', '2.0.0-beta.1'])
      await harbour.run('publish', await tarball('@acme/jib', version), '--public')
    await office.run('allow', harbour.ready.publisher, '--as', 'acme')
    await eventually(
      () => office.try('info', 'npm:@acme/jib'),
      ({ stdout }) => stdout.includes('2.0.0-beta.1'),
    )
    const to = join(folder, 'deep', 'out')
    const wanted = {
      'npm:@acme/jib': 'jib-1.2.0.tgz',
      'npm:@acme/jib@~1.0': 'jib-1.0.0.tgz',
      'pkg:npm/%40acme/jib@2.0.0-beta.1': 'jib-2.0.0-beta.1.tgz',
      'cargo:winch@0.3': 'winch-0.3.5.crate',
      'cargo:winch@=0.3.1': 'winch-0.3.1.crate',
      'pypi:Foo.Bar@~=1.0': 'foo_bar-1.0-py3-none-any.whl',
      'generic:chart': 'chart.bin',
    }
    for (const [purl, name] of Object.entries(wanted)) {
      const installed = await office.run('install', purl, '--to', to)
      expect([purl, installed]).toEqual([purl, expect.objectContaining({ publisher: harbour.ready.publisher })])
      expect(String(installed.path).split('/').at(-1)).toBe(name)
      await access(installed.path as string)
    }
    const second = await fileIn(folder, 'soundings.bin', Buffer.from('more depths'))
    await harbour.run('publish', second, '--purl', 'generic:chart@7', '--public')
    const several = await eventually(
      () => office.try('install', 'generic:chart', '--to', to),
      ({ code }) => code !== 0,
    )
    expect(errorOf(several)).toEqual([2, 'E_WHICH_FILE'])
    for (const name of ['chart.bin', 'soundings.bin']) {
      const { path } = await office.run('install', `generic:chart@7?file_name=${name}`, '--to', to)
      expect(String(path).endsWith(name)).toBe(true)
    }
    expect(errorOf(await office.try('install', 'npm:@acme/jib@^3', '--to', to))).toEqual([3, 'E_NOT_FOUND'])
    expect(errorOf(await office.try('install', 'npm:@acme/jib@!!', '--to', to))).toEqual([2, 'E_RANGE'])
    const unpacked = await office.run('install', 'npm:@acme/jib', '--to', to, '--extract')
    const target = String(unpacked.path).replace(/\.tgz$/, '')
    expect(await readdir(target)).toEqual(['index.js', 'package.json'])
    await writeFile(join(target, 'index.js'), 'changed by hand')
    expect(errorOf(await office.try('install', 'npm:@acme/jib', '--to', to, '--extract'))).toEqual([1, 'E_FILE_EXISTS'])
    expect(await readFile(join(target, 'index.js'), 'utf8')).toBe('changed by hand')
  })

  it('refuses what no route allows, and two allowed publishers of one name', async () => {
    await rival.run('publish', await tarball('keel', '1.0.0', 'of the rival'), '--public')
    await office.run('peer', 'add', rival.address)
    expect(await office.run('allow', rival.ready.publisher, '--as', 'rival')).toMatchObject({
      name: 'rival',
      relation: 'allow',
    })
    await eventually(
      () => office.try('info', 'npm:keel'),
      ({ stdout }) =>
        stdout.includes(`"name":"rival","relation":"allow","versions":[{"version":"1.0.0","state":"live"`),
    )
    const both = await office.try('install', 'npm:keel', '--to', folder)
    expect(errorOf(both)).toEqual([5, 'E_AMBIGUOUS'])
    expect(await office.run('install', 'npm:keel@1.0.0', '--publisher', 'rival', '--to', folder)).toMatchObject({
      publisher: rival.ready.publisher,
    })
    expect(errorOf(await office.try('install', 'npm:nobody-has-this', '--to', folder))).toEqual([5, 'E_NO_ROUTE'])
    expect(errorOf(await office.try('info', 'npm:nobody-has-this'))).toEqual([3, 'E_NOT_FOUND'])

    await office.run('allow', 'acme', 'npm:keel')
    expect(errorOf(await office.try('allow', 'rival', 'npm:other', 'npm:keel'))).toEqual([1, 'E_ROUTE_TAKEN'])
    expect((await office.try('route', 'list')).json).toEqual([
      { match: 'npm:keel', to: 'acme' },
      { match: '*', to: 'allowed' },
    ])
    expect((await office.run('allow', 'rival')).warning).toContain('npm:keel')
    expect(await office.run('why', 'npm:keel')).toMatchObject({ decision: 'allow', publisher: harbour.ready.publisher })
  })

  it('exits 6 when nobody has the bytes', async () => {
    await rival.run('publish', await tarball('flotsam', '1.0.0'), '--public')
    await eventually(
      () => office.try('info', 'npm:flotsam'),
      ({ stdout }) => stdout.includes('"state":"live"'),
    )
    await rival.end('SIGKILL')
    expect(errorOf(await office.try('install', 'npm:flotsam', '--to', folder))).toEqual([6, 'E_NO_PROVIDER'])
  })
})

describe('decisions', () => {
  const namesIn = async (...query: string[]) =>
    ((await office.run('search', ...query)).hits as { purl: string }[]).map(({ purl }) => purl)

  it('take effect at once, and are undone in order', async () => {
    expect(await namesIn('keel', '--local', '--publisher', 'rival')).toEqual(['pkg:npm/keel'])
    expect(errorOf(await office.try('unfollow', 'rival'))).toEqual([1, 'E_RELATION'])
    expect(await office.run('mirror', 'rival')).toMatchObject({ relation: 'allow+mirror' })
    expect(await office.run('unmirror', 'rival')).toMatchObject({ relation: 'allow' })
    expect(await office.run('block', 'rival')).toMatchObject({ relation: 'block' })
    expect(await namesIn('keel', '--local', '--publisher', 'rival')).toEqual([])
    expect(errorOf(await office.try('install', 'npm:keel', '--publisher', 'rival'))).toEqual([5, 'E_NO_ROUTE'])
    expect(await office.run('follow', 'rival')).toMatchObject({ relation: 'follow' })
    expect(await namesIn('keel', '--local', '--publisher', 'rival')).toEqual(['pkg:npm/keel'])
    expect(await office.run('unfollow', 'rival')).toMatchObject({ relation: 'none' })
    expect(await office.run('disallow', 'acme', 'npm:keel')).toMatchObject({ name: 'acme' })
    expect((await office.try('route', 'list')).json).toEqual([{ match: '*', to: 'allowed' }])
  })

  it('about routes are checked whole before anything is written', async () => {
    expect((await office.try('route', 'add', 'npm:left-*', 'nowhere')).json).toContainEqual({
      match: 'npm:left-*',
      to: 'nowhere',
    })
    expect(errorOf(await office.try('route', 'add', 'npm:left-*', 'acme'))).toEqual([1, 'E_ROUTE_TAKEN'])
    expect(errorOf(await office.try('route', 'add', 'npm:x', 'nobody'))).toEqual([2, 'E_PUBLISHER'])
    expect(errorOf(await office.try('route', 'remove', 'npm:x'))).toEqual([3, 'E_NOT_FOUND'])
    expect((await office.try('route', 'add', 'npm:sail', 'acme')).code).toBe(0)
    expect(errorOf(await office.try('follow', 'acme', '--as', 'emca'))).toEqual([1, 'E_RELATION'])
    expect((await office.try('route', 'remove', 'npm:sail')).code).toBe(0)
    expect(errorOf(await office.try('allow', 'acme', 'npm:mast', '--as', 'Not A Name'))).toEqual([2, 'E_USAGE'])
    expect(JSON.stringify((await office.try('route', 'list')).json)).not.toContain('mast')
  })
})

describe('answers', () => {
  it('have the fields that scripts depend on, and a text for people', async () => {
    const status = await office.run('status')
    for (const name of ['peers', 'feeds', 'releases', 'artifacts', 'bytes', 'foldVersion'])
      expect([name, typeof status[name]]).toEqual([name, 'number'])
    expect(status).toMatchObject({
      peerId: office.ready.peerId,
      recovery: 'not exported',
      health: 'ok',
      catalogueDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect((await office.try('publishers')).json).toContainEqual({
      ...{
        id: harbour.ready.publisher,
        name: 'acme',
        relation: 'allow',
        feeds: expect.any(Number),
        releases: expect.any(Number),
      },
      ...{ digest: expect.stringMatching(/^[0-9a-f]{64}$/), foldVersion: status.foldVersion },
    })
    expect((await office.try('config', 'list')).json).toContainEqual({
      key: 'http.port',
      value: 0,
      origin: 'flag',
      name: '--http',
    })
    expect((await office.try('peer', 'list')).json).toContainEqual(
      expect.objectContaining({ id: harbour.ready.peerId, connected: true }),
    )
    expect(await office.run('search', 'rigging')).toMatchObject({
      hits: expect.arrayContaining([
        expect.objectContaining({ purl: 'pkg:npm/%40acme/jib', source: 'local', relation: 'allow' }),
      ]),
      peers: { asked: expect.any(Number), answered: expect.any(Number) },
      tookMs: expect.any(Number),
    })
    for (const command of [
      'status',
      'publishers',
      'peer list',
      'route list',
      'why npm:keel',
      'info npm:keel',
      'key list',
      'config list',
    ]) {
      const { code, stdout } = await hanse([...command.split(' '), '--home', office.home])
      expect([command, code, /\[object|undefined|^[{[]/.test(stdout)]).toEqual([command, 0, false])
      expect([command, /[{}]/.test(stdout)]).toEqual([command, false])
    }
  })

  it('have scores of 0 to 1, whether or not peers were asked', async () => {
    for (const flags of [[], ['--local']]) {
      const { hits } = (await office.run('search', 'rigging', ...flags)) as { hits: { score: number }[] }
      expect(hits[0]?.score).toBe(1)
      for (const { score } of hits) expect([score >= 0, score <= 1]).toEqual([true, true])
    }
  })

  it('hand out the recovery key once asked, into a file nobody else reads', async () => {
    const path = join(folder, 'recovery.json')
    expect(await office.run('key', 'export', '--to', path)).toEqual({ path })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ publisher: office.ready.publisher })
    expect((await office.try('key', 'export', '--to', path)).code).toBe(1)
    expect((await office.run('status')).recovery).toBe('exported')
  })

  it('of the HTTP API are described by its own document', async () => {
    const get = async (path: string) => await fetch(`${office.ready.http}${path}`)
    expect(await (await get('/livez')).json()).toEqual({ live: true })
    expect((await get('/readyz')).status).toBe(200)
    expect(await (await get('/metrics')).text()).toMatch(/^# TYPE hanse_\w+ counter$/m)
    const document = (await (await get('/openapi.json')).json()) as {
      openapi: string
      paths: Record<string, Record<string, { responses: object; security?: object }>>
    }
    expect(document.openapi).toBe('3.1.0')
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    const open = operations.filter(({ method, operation }) => method !== 'get' && operation.security === undefined)
    // A question too long for an address, which changes nothing.
    expect(open.map(({ path }) => path)).toEqual(['/api/policy/test'])
    expect(operations.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/api/install', '/api/publish', '/api/peers/{peer}']),
    )
  })
})
