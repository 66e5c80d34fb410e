import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { BATCH_MS, BATCH_VERSIONS, MAX_WAITING_VERSIONS } from '../../../src/node/sharing/limits.ts'
import { OriginKeeper, type StatedUpstream } from '../../../src/node/sharing/origin-keeper.ts'
import type { PulledTarball } from '../../../src/node/sharing/pulled-tarballs.ts'
import {
  type BlockId,
  buildWriterRecord,
  type HoldsOp,
  MAX_OPS,
  MAX_RECORD_BYTES,
  type Op,
  type OriginOp,
  releaseNameOf,
  type Sha256,
} from '../../../src/protocol/index.ts'
import { publisherOf } from '../../federation/search/signed-hits.ts'
import { rawCidOf } from '../storage/temporary-home.ts'
import { peerOf } from '../use-cases/holder-world.ts'

const self = peerOf(1)

function opOf(name: string, version: string, file = `${name}-${version}.tgz`): OriginOp {
  const bytes = Buffer.from(`${name} ${version} ${file}`)
  const sha256 = createHash('sha256').update(bytes).digest('hex') as Sha256
  const digest = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  const artifact = { name: file, cid: rawCidOf(bytes), size: bytes.length, sha256 }
  const purl = releaseNameOf(`pkg:npm/${name}` as never, version)!
  return { op: 'origin', purl, upstream: 'npmjs', digest, time: 1, artifact }
}

/** A keeper over one upstream with so many pulled versions; what it signs counts as stated at once. */
function keeperOver(pulledVersions: readonly string[]) {
  const world = {
    hasPeers: true,
    fails: false,
    pulled: new Set(pulledVersions),
    held: new Set<BlockId>(),
    gone: new Set<BlockId>(),
    stated: new Set<string>(),
    written: [] as (readonly Op[])[],
    failures: [] as string[],
    timers: [] as { ms: number; action: () => void }[],
  }
  const upstream: StatedUpstream = {
    async *all() {
      for (const version of world.pulled) yield pulledOf(version)
    },
    get: async (_name, version) => (world.pulled.has(version) ? pulledOf(version) : null),
    isStated: ({ version }) => world.stated.has(version),
    opsOf: async ({ name, version }) => [opOf(name, version), opOf(name, version, 'manifest.json')],
  }
  const keeper = new OriginKeeper({
    peer: self,
    writer: {
      write: async (_visibility, ops) => {
        if (world.fails) throw new Error('nobody answered')
        world.written.push(ops)
        for (const op of ops) if (op.op === 'origin') world.stated.add(op.purl.split('@').at(-1)!)
        return undefined as never
      },
    },
    clock: {
      now: () => 0,
      after: (ms, action) => {
        const timer = { ms, action }
        world.timers.push(timer)
        return () => world.timers.splice(world.timers.indexOf(timer), 1)
      },
    },
    hasPeers: () => world.hasPeers,
    heldAsStated: () => world.held,
    isHeld: async cid => !world.gone.has(cid),
    onFailed: why => world.failures.push(why),
  })
  const opsOf = <K extends Op['op']>(kind: K) =>
    world.written.flat().filter((op): op is Extract<Op, { op: K }> => op.op === kind)
  return { world, keeper, upstream, origins: () => opsOf('origin'), holds: () => opsOf('holds') as HoldsOp[] }
}

function pulledOf(version: string): PulledTarball {
  return { name: 'x', version, sha256: '0'.repeat(64) as Sha256, mark: '' }
}

const versions = (count: number) => Array.from({ length: count }, (_, at) => `1.0.${at}`)

test('what was pulled is stated in few records, and then held', async () => {
  const { world, keeper, upstream, origins, holds } = keeperOver([])
  keeper.opened('npmjs', upstream)
  for (const version of versions(40)) {
    world.pulled.add(version)
    keeper.pulled('npmjs', 'x', version)
  }
  expect(world.timers.map(({ ms }) => ms)).toEqual([BATCH_MS])
  await keeper.sign()
  expect(origins()).toHaveLength(80)
  expect(world.written).toHaveLength(2)
  expect(holds().map(({ peer, publishers, undo }) => [peer, publishers, undo])).toEqual([[self, [], false]])
  expect(new Set(holds().flatMap(({ cids }) => cids))).toEqual(new Set(origins().map(({ artifact }) => artifact.cid)))
})

test('what was not stated before a restart is found again, once', async () => {
  const { world, keeper, upstream, origins } = keeperOver(versions(BATCH_VERSIONS * 2 + 7))
  world.stated.add('1.0.3')
  keeper.opened('npmjs', upstream)
  await keeper.sign()
  await keeper.sign()
  expect(new Set(origins().map(({ purl }) => purl)).size).toBe(BATCH_VERSIONS * 2 + 6)
  expect(origins()).toHaveLength(2 * (BATCH_VERSIONS * 2 + 6))
})

test('more than may wait is found among what is kept', async () => {
  const { world, keeper, upstream, origins } = keeperOver([])
  world.hasPeers = false
  keeper.opened('npmjs', upstream)
  await keeper.sign()
  for (const version of versions(MAX_WAITING_VERSIONS + 50)) {
    world.pulled.add(version)
    keeper.pulled('npmjs', 'x', version)
  }
  world.hasPeers = true
  await keeper.sign()
  expect(new Set(origins().map(({ purl }) => purl)).size).toBe(MAX_WAITING_VERSIONS + 50)
})

test('without a peer nothing is signed, and what fails is tried again and told once', async () => {
  const { world, keeper, upstream, origins } = keeperOver(versions(3))
  world.hasPeers = false
  keeper.opened('npmjs', upstream)
  await keeper.sign()
  expect([world.written, world.timers]).toEqual([[], []])
  world.hasPeers = true
  world.fails = true
  await keeper.sign()
  await keeper.sign()
  expect(world.failures).toEqual(['nobody answered'])
  world.fails = false
  await keeper.sign()
  expect(new Set(origins().map(({ purl }) => purl)).size).toBe(3)
})

test('what left the cache is no longer said to be held', async () => {
  const { world, keeper, upstream, holds } = keeperOver([])
  const [kept, gone] = [rawCidOf(Buffer.from('kept')), rawCidOf(Buffer.from('gone'))]
  world.held = new Set([kept, gone])
  world.gone.add(gone)
  keeper.opened('npmjs', upstream)
  await keeper.sign()
  expect(holds().map(({ cids, undo }) => [cids, undo])).toEqual([[[gone], true]])
})

test('an upstream that nobody opened, or that was closed, is not stated', async () => {
  const { world, keeper, upstream } = keeperOver(versions(2))
  keeper.pulled('nexus', 'x', '1.0.0')
  keeper.opened('npmjs', upstream)
  keeper.closed('npmjs')
  await keeper.sign()
  expect(world.written).toEqual([])
})

test('every record fits, however long names and digests are', async () => {
  const { world, keeper, upstream } = keeperOver([])
  const long = `@${'s'.repeat(90)}/${'n'.repeat(100)}`
  const by = publisherOf(1)
  const wide: StatedUpstream = {
    ...upstream,
    opsOf: async ({ version }) => [
      { ...opOf('x', version), purl: releaseNameOf(`pkg:npm/${long.replace('@', '%40')}` as never, version)! },
      opOf('x', version),
      opOf('x', version, 'manifest.json'),
    ],
  }
  keeper.opened('npmjs', wide)
  for (const version of versions(300)) {
    world.pulled.add(version)
    keeper.pulled('npmjs', 'x', version)
  }
  await keeper.sign()
  expect(world.written.length).toBeGreaterThan(4)
  for (const ops of world.written) {
    expect(ops.length).toBeLessThanOrEqual(MAX_OPS)
    const { genesis, writer } = by
    const feed = Buffer.concat([Buffer.from([1]), writer.bytes]).toString('hex') as never
    const place = { net: 'main', publisher: genesis.publisher, feed, seq: 1, prev: null, ts: 1, auth: genesis.id }
    const { envelope, understood } = buildWriterRecord({ ...place, typ: ops[0]!.op, ops }, writer.sign)
    expect(envelope.length).toBeLessThanOrEqual(MAX_RECORD_BYTES)
    expect(understood).not.toBeNull()
  }
})
