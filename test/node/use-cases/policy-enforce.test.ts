import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { PolicyStore } from '../../../src/node/policy/index.ts'
import type { VersionFacts } from '../../../src/node/policy/version-facts.ts'
import { openAuditLog, openDataDirectory } from '../../../src/node/storage/index.ts'
import { enforcePolicy } from '../../../src/node/use-cases/policy-enforce.ts'
import type { PackageName } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { NO_FACTS } from '../policy/no-facts.ts'

const HOUR = 3_600_000
const NOW = Date.now()
const BRIG = 'pkg:npm/brig' as PackageName
const SLOOP = 'pkg:npm/sloop' as PackageName

let stack: AsyncDisposableStack
let policy: PolicyStore
beforeEach(async () => {
  stack = new AsyncDisposableStack()
  const paths = stack.use(await openDataDirectory(join(await temporaryFolder(), 'home')))
  await writeFile(join(paths.home, 'policy.yaml'), 'version: 1\nmode: dry-run\n')
  const audit = stack.use(await openAuditLog(paths.auditLog))
  const { home, state } = paths
  const onFault = (_message: string, cause: unknown) => void stack.defer(() => Promise.reject(cause))
  policy = stack.use(await PolicyStore.open({ home, state, audit, now: Date.now, firstInstallOf: () => 1, onFault }))
})
afterEach(() => stack.disposeAsync())

interface Installed {
  readonly purl: PackageName
  readonly version: string
  readonly who: string
  /** Hours ago. */
  readonly ago: number
}

/** A node whose upstream lists versions first seen so many hours ago. */
function nodeWith(seen: Readonly<Record<string, number>>, installs: readonly Installed[]): NodeContext {
  const manifest = { licence: null, installScripts: [], deprecated: null, bytes: null, unpackedBytes: null }
  const versions = new Map<string, VersionFacts>(
    Object.entries(seen).map(([version, ago]) => [version, { firstSeen: NOW - ago * HOUR, manifest }]),
  )
  const source = { packument: async () => ({ revision: '', document: {}, versions }), tarball: async () => null }
  const route = { to: 'upstream', name: 'u', route: { match: 'npm:*' } }
  return {
    ...NO_FACTS,
    policy,
    routes: { resolve: () => route },
    upstreams: { get: () => source },
    writer: { publisher: NO_FACTS.own },
    installs: { since: async () => installs.map(({ ago, ...install }) => ({ ...install, at: NOW - ago * HOUR })) },
  } as unknown as NodeContext
}

const enforce = (node: NodeContext, yes: boolean) =>
  enforcePolicy(node, { yes, who: 'me' }, new AbortController().signal) as Promise<{
    readonly enforced: boolean
    readonly installs: number
    readonly wouldRefuse: readonly {
      readonly package: string
      readonly version: string
      readonly who: readonly string[]
    }[]
  }>

test('an install is judged by the age that the release had then, whoever installed it', async () => {
  const installs = [
    { purl: BRIG, version: '1.0.0', who: 'ann', ago: 90 },
    { purl: BRIG, version: '1.0.0', who: 'bob', ago: 1 },
    { purl: BRIG, version: '0.9.0', who: 'ann', ago: 1 },
  ]
  // 1.0.0 was 10 hours old at its first install and is of age now; 0.9.0 was of age when it was installed.
  const found = await enforce(nodeWith({ '1.0.0': 100, '0.9.0': 100 }, installs), false)
  expect(found).toMatchObject({ enforced: false, installs: 2 })
  expect(found.wouldRefuse).toMatchObject([{ package: 'npm:brig', version: '1.0.0', who: ['ann', 'bob'] }])
  expect(policy.inForce().mode).toBe('dry-run')
})

test('what an accepted lock file names would not have been refused', async () => {
  const node = nodeWith({ '1.0.0': 100 }, [{ purl: SLOOP, version: '1.0.0', who: 'ann', ago: 90 }])
  await policy.accept({ who: 'me', what: 'policy.accept' }, { [SLOOP]: ['1.0.0'] }, true)
  expect(await enforce(node, false)).toMatchObject({ enforced: true, installs: 1, wouldRefuse: [] })
  expect(policy.inForce().mode).toBe('enforce')
})

test('with yes it is enforced whatever was found, and with nothing installed at once', async () => {
  const node = nodeWith({ '1.0.0': 100 }, [{ purl: SLOOP, version: '1.0.0', who: 'ann', ago: 90 }])
  expect(await enforce(node, true)).toMatchObject({ enforced: true, wouldRefuse: [{ package: 'npm:sloop' }] })
  await policy.rollback('me')
  expect(await enforce(nodeWith({}, []), false)).toMatchObject({ enforced: true, installs: 0 })
})
