import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Decisions, PolicyStore, type PolicyStoreParts } from '../../../src/node/policy/index.ts'
import { type AuditLog, openAuditLog, openDataDirectory } from '../../../src/node/storage/index.ts'
import { type PackageName, parseReleasePattern } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const START = Date.parse('2027-01-01T00:00:00Z')
const HOUR = 3_600_000

let stack: AsyncDisposableStack
let home: string
let audit: AuditLog
let now: number
const faults: unknown[] = []

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  home = join(await temporaryFolder(), 'home')
  const paths = stack.use(await openDataDirectory(home))
  audit = stack.use(await openAuditLog(paths.auditLog))
  now = START
  faults.length = 0
})
afterEach(() => stack.disposeAsync())

const partsOf = (): PolicyStoreParts => ({
  home,
  state: join(home, 'state'),
  audit,
  now: () => now,
  firstInstallOf: (name, version) => (`${name}@${version}` === 'pkg:npm/x@2.0.0' ? 1_000 : null),
  onFault: (_message, cause) => void faults.push(cause),
})
const open = async () => stack.use(await PolicyStore.open(partsOf()))
/** At once, as editors do: a watcher never sees half a file. */
async function write(text: string): Promise<void> {
  await writeFile(join(home, '.policy.yaml'), text)
  await rename(join(home, '.policy.yaml'), join(home, 'policy.yaml'))
}
const auditLines = async () =>
  (await readFile(join(home, 'audit.jsonl'), 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)

function waive(text: string, until: number | null = null) {
  const match = parseReleasePattern(text)
  if (!match.ok) throw new Error(match.why)
  return (decisions: Decisions): Decisions => ({
    ...decisions,
    waivers: [
      ...decisions.waivers,
      { id: `w${decisions.made + 1}`, match: match.value, rules: ['minimumAge'], who: 'me', why: 'x', until, at: now },
    ],
    made: decisions.made + 1,
  })
}

test('without a file the built-in policy binds, and nothing is audited', async () => {
  const store = await open()
  expect(store.inForce()).toMatchObject({ mode: 'enforce', document: { minimumAge: { hours: 72 } } })
  expect([store.problem(), await auditLines()]).toEqual([null, []])
})

test('a changed file is in force without a restart, with another revision and one line of audit', async () => {
  await write('version: 1\nminimumAge: { hours: 1 }\n')
  const store = await open()
  const first = store.inForce()
  expect(first.document.minimumAge).toEqual({ hours: 1, except: [], line: 2 })
  await write('version: 1\nminimumAge: { hours: 2 }\n')
  await store.reload()
  expect(store.inForce().document.minimumAge?.hours).toBe(2)
  expect(store.inForce().revision).not.toBe(first.revision)
  await store.reload()
  expect((await auditLines()).map(({ what, changes }) => [what, changes])).toEqual([
    ['policy.load', ['minimumAge: {"hours":72,"except":[]} → {"hours":1,"except":[]}']],
    ['policy.load', ['minimumAge: {"hours":1,"except":[]} → {"hours":2,"except":[]}']],
  ])
})

test('the system’s own report of a change is enough', async () => {
  const store = await open()
  const before = store.inForce().revision
  await write('version: 1\nmode: dry-run\n')
  while (store.inForce().revision === before) await new Promise(resolve => setImmediate(resolve))
  expect(store.inForce().mode).toBe('dry-run')
})

test('a broken file keeps the last good policy, also across restarts, and says so until it is mended', async () => {
  await write('version: 1\nminimumAge: { hours: 5 }\n')
  await (await open()).reload()
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
  audit = stack.use(await openAuditLog(join(home, 'audit.jsonl')))
  await write('version: 1\nminimumAge: { hours: five }\n')
  const store = await open()
  expect(store.inForce().document.minimumAge?.hours).toBe(5)
  expect(store.problem()).toBe(
    'policy.yaml:2: minimumAge.hours must be of type number; the last good policy is in force',
  )
  await store.reload()
  await write('version: 1\nminimumAge: { hours: 6 }\n')
  await store.reload()
  expect([store.problem(), store.inForce().document.minimumAge?.hours]).toEqual([null, 6])
  expect((await auditLines()).map(({ what }) => what)).toEqual(['policy.load', 'policy.refuse', 'policy.load'])
})

test('each broken text is one line of audit, however often it is looked at', async () => {
  const store = await open()
  for (const text of ['version: 2\n', 'version: 3\n']) {
    await write(text)
    await store.reload()
    await store.reload()
  }
  expect((await auditLines()).map(({ what, problem }) => [what, problem])).toEqual([
    ['policy.refuse', 'policy.yaml:1: version must be 1'],
    ['policy.refuse', 'policy.yaml:1: version must be 1'],
  ])
})

test('a broken file with the good text again has no problem any more', async () => {
  await write('version: 1\n')
  const store = await open()
  await write('version: 2\n')
  await store.reload()
  expect(store.problem()).not.toBeNull()
  await write('version: 1\n')
  await store.reload()
  expect(store.problem()).toBeNull()
})

test('a file that is gone is the built-in policy again', async () => {
  await write('version: 1\nmode: dry-run\n')
  const store = await open()
  await rm(join(home, 'policy.yaml'))
  await store.reload()
  expect(store.inForce().mode).toBe('enforce')
})

test('the revision is the same for the same rules after a restart, because stored bodies outlive it', async () => {
  await write('version: 1\ndeny: [npm:a]\n')
  const { revision } = (await open()).inForce()
  expect((await open()).inForce().revision).toBe(revision)
})

test('a waiver and a change of mode end by themselves, with another revision', async () => {
  const store = await open()
  const { revision } = store.inForce()
  await store.change({ who: 'me', what: 'policy.waive' }, waive('npm:x', START + HOUR))
  await store.change({ who: 'me', what: 'policy.mode' }, decisions => ({
    ...decisions,
    dryRun: { who: 'me', why: 'x', at: now, until: START + 2 * HOUR },
  }))
  expect(store.inForce()).toMatchObject({ mode: 'dry-run', document: { waivers: [{ rules: ['minimumAge'] }] } })
  now = START + HOUR
  expect(store.inForce()).toMatchObject({ mode: 'dry-run', document: { waivers: [] } })
  now = START + 2 * HOUR
  expect(store.inForce()).toMatchObject({ mode: 'enforce', revision })
})

test('decisions outlive a restart, and a damaged file of them stops the start', async () => {
  await (await open()).change({ who: 'me', what: 'policy.waive' }, waive('npm:x@^1'))
  expect((await open()).contents().decisions.waivers).toMatchObject([
    { id: 'w1', match: { name: 'npm:x', range: '^1' } },
  ])
  await writeFile(join(home, 'state', 'policy.json'), '{')
  await expect(open()).rejects.toMatchObject({ code: 'E_FILE_CORRUPT' })
})

test('accepted releases are exempt and installed ones too; accepting is idempotent and taken back', async () => {
  const store = await open()
  const name = 'pkg:npm/x' as PackageName
  const { revision } = store.inForce()
  const asked = { who: 'me', what: 'policy.accept' }
  expect(store.exemptionOf(name, '1.0.0', 1_000)).toBeNull()
  expect(await store.accept(asked, { [name]: ['1.0.0', '1.0.0', '2.0.0'] }, true)).toBe(2)
  expect(await store.accept(asked, { [name]: ['1.0.0'] }, true)).toBe(0)
  expect([store.exemptionOf(name, '1.0.0', 1_000), store.inForce().revision === revision]).toEqual(['locked', false])
  expect((await open()).exemptionOf(name, '1.0.0', 1_000)).toBe('locked')
  expect(await store.accept(asked, { [name]: ['1.0.0', '2.0.0', '3.0.0'] }, false)).toBe(2)
  expect([store.exemptionOf(name, '1.0.0', 1_000), store.exemptionOf(name, '2.0.0', 1_000)]).toEqual([
    null,
    'installed',
  ])
  // Other bytes came under the version after it was installed.
  expect(store.exemptionOf(name, '2.0.0', 1_001)).toBeNull()
  expect(store.inForce().revision).toBe(revision)
  expect((await auditLines()).map(({ what, releases }) => [what, releases])).toEqual([
    ['policy.accept', 2],
    ['policy.accept', 2],
  ])
})

test('more releases than are bearable are refused, and nothing is changed', async () => {
  const store = await open()
  const many = Array.from({ length: 100_001 }, (_, at) => `1.0.${at}`)
  await expect(store.accept({ who: 'me', what: 'policy.accept' }, { 'pkg:npm/x': many }, true)).rejects.toMatchObject({
    code: 'E_TOO_LARGE',
  })
  expect(store.contents()).toMatchObject({ accepted: 0, changes: 0 })
})

test('rollback goes back change by change: the file’s text, a waiver, accepted releases', async () => {
  await write('version: 1\nminimumAge: { hours: 1 }\n')
  const store = await open()
  await write('version: 1 # mine\nminimumAge: { hours: 2 }\n')
  await store.reload()
  await store.change({ who: 'ann', what: 'policy.waive' }, waive('npm:x'))
  await store.accept({ who: 'ann', what: 'policy.accept' }, { 'pkg:npm/x': ['1.0.0'] }, true)
  expect(await store.rollback('me')).toMatchObject({
    what: 'policy.accept',
    who: 'ann',
    changes: ['accepted releases: 0 more, 1 fewer'],
  })
  expect(await store.rollback('me')).toMatchObject({
    what: 'policy.waive',
    changes: [expect.stringMatching(/^waivers: without npm:x /)],
  })
  expect(await store.rollback('me')).toMatchObject({
    what: 'policy.load',
    changes: ['minimumAge: {"hours":2,"except":[]} → {"hours":1,"except":[]}'],
  })
  expect(await readFile(join(home, 'policy.yaml'), 'utf8')).toBe('version: 1\nminimumAge: { hours: 1 }\n')
  expect(await readFile(join(home, 'state', 'policy-replaced.yaml'), 'utf8')).toContain('# mine')
  expect(await store.rollback('me')).toBeNull()
  await store.reload()
  expect(store.contents()).toMatchObject({ accepted: 0, changes: 0, decisions: { waivers: [] } })
  expect((await auditLines()).filter(({ what }) => what === 'policy.rollback')).toHaveLength(3)
})

test('rollback of a first policy.yaml takes it away; of a broken one puts the good one back', async () => {
  const store = await open()
  await write('version: 1\nmode: dry-run\n')
  await store.reload()
  await write('version: 9\n')
  expect(await store.rollback('me')).toMatchObject({
    what: 'policy.load',
    changes: [expect.stringMatching(/^policy.yaml: the last good text again; .*policy-replaced.yaml$/)],
  })
  expect([store.problem(), await readFile(join(home, 'policy.yaml'), 'utf8')]).toEqual([
    null,
    'version: 1\nmode: dry-run\n',
  ])
  expect(await store.rollback('me')).toMatchObject({ changes: ['mode: dry-run → enforce'] })
  expect(await readdir(home)).not.toContain('policy.yaml')
  expect(store.inForce().mode).toBe('enforce')
})

test('rollback of a first policy.yaml that is broken takes it away and keeps it, and replaces none that it cannot read', async () => {
  await write('version: 9 # mine\n')
  const store = await open()
  expect(await store.rollback('me')).toMatchObject({ changes: [expect.stringContaining('policy.yaml: removed')] })
  expect(await readdir(home)).not.toContain('policy.yaml')
  expect(await readFile(join(home, 'state', 'policy-replaced.yaml'), 'utf8')).toContain('# mine')
  await mkdir(join(home, 'policy.yaml'))
  await store.reload()
  await expect(store.rollback('me')).rejects.toMatchObject({ code: 'E_CONFIG', hint: expect.any(String) })
  expect(await readdir(home)).toContain('policy.yaml')
})

test('rollback passes over what has ended by itself', async () => {
  await write('version: 1\nmode: dry-run\n')
  const store = await open()
  await store.change({ who: 'me', what: 'policy.enforce' }, decisions => ({
    ...decisions,
    enforced: { who: 'me', at: now },
  }))
  await store.change({ who: 'me', what: 'policy.waive' }, waive('npm:x', START + HOUR))
  now = START + HOUR
  expect(await store.rollback('me')).toMatchObject({ what: 'policy.enforce', changes: ['mode: enforce → dry-run'] })
})

test('a mode that is edited in the file counts more than an older `policy enforce`, another edit does not', async () => {
  await write('version: 1\nmode: dry-run\n')
  const store = await open()
  await store.change({ who: 'me', what: 'policy.enforce' }, decisions => ({
    ...decisions,
    enforced: { who: 'me', at: now },
  }))
  await write('version: 1\nmode: dry-run\nminimumAge: { hours: 3 }\n')
  await store.reload()
  expect(store.inForce().mode).toBe('enforce')
  await write('version: 1\nmode: enforce\n')
  await store.reload()
  await write('version: 1\nmode: dry-run\n')
  await store.reload()
  expect(store.inForce().mode).toBe('dry-run')
})

test('of many changes the last twenty are kept', async () => {
  const store = await open()
  for (let at = 0; at < 25; at++) await store.change({ who: 'me', what: 'policy.waive' }, waive(`npm:x${at}`))
  expect(await readdir(join(home, 'state', 'policy-history'))).toHaveLength(20)
  for (let at = 0; at < 20; at++) expect(await store.rollback('me')).not.toBeNull()
  expect(await store.rollback('me')).toBeNull()
  expect(store.contents().decisions.waivers).toHaveLength(5)
})

test('what could not be taken over is a problem, and tried again', async () => {
  const store = await open()
  await rm(join(home, 'state', 'policy-history'), { recursive: true })
  await write('version: 1\nmode: dry-run\n')
  await expect(store.reload()).rejects.toMatchObject({ code: expect.any(String) })
  expect(store.problem()).toMatch(/^policy\.yaml changed and could not be taken over: /)
  expect(store.inForce().mode).toBe('enforce')
})

test('a fault that nobody waits for is told once, however often it comes again', async () => {
  const store = await open()
  await rm(join(home, 'state', 'policy-history'), { recursive: true })
  await write('version: 1\nmode: dry-run\n')
  for (let at = 0; at < 3; at++) {
    now += 1_000
    store.inForce()
    await store.reload().catch(() => {})
  }
  expect(faults).toHaveLength(1)
})
