import fc from 'fast-check'
import { parse as toml } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Client, type ClientUse, clientFilesOf, openPointOf } from '../../../src/cli/use/client-files.ts'
import { withoutOurs } from '../../../src/cli/use/marks.ts'
import { privateNamesOf } from '../../../src/cli/use/private-names.ts'

const REGISTRY = 'http://127.0.0.1:7700/npm/'
const use = (client: Client, given: Partial<ClientUse> = {}): ClientUse => ({
  ...{ client, registry: REGISTRY, scope: null, packageManager: null, present: new Set<string>() },
  privateNames: privateNamesOf([], [], given.scope ?? null),
  ...given,
})
/** What a node that has released these names and routes these patterns tells `hanse use`. */
const ROUTES = [
  { match: 'npm:@ops/*', to: 'upstream/nexus' },
  { match: 'npm:@harbour/*', to: 'harbour' },
  { match: 'npm:left-*', to: 'nowhere' },
  { match: 'npm:*', to: 'upstream/npmjs' },
  { match: '*', to: 'allowed' },
]
const RELEASED = privateNamesOf(['@acme/flag', '@acme/hull', 'left-pad-internal'], ROUTES, null)
const PATTERNS = ['@acme/*', '@harbour/*', 'left-pad-internal']

/** The files of a client after `hanse use`, from these texts. */
function usedTexts(given: ClientUse, texts: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(clientFilesOf(given).map(({ name, change }) => [name, change(texts[name] ?? '')]))
}

describe('.npmrc', () => {
  it.each<Client>(['npm', 'pnpm', 'yarn', 'bun'])('makes %s use the node for every name, or for a scope', client => {
    expect(usedTexts(use(client))).toMatchObject({
      '.npmrc': `# hanse use: begin\nregistry=${REGISTRY}\n# hanse use: end\n`,
    })
    expect(usedTexts(use(client, { scope: '@acme' }))['.npmrc']).toContain(`\n@acme:registry=${REGISTRY}\n`)
  })

  it('keeps every other line, and what said otherwise stands aside', () => {
    const before =
      '; mine\nregistry = https://a.example/\n//a.example/:_authToken=secret\n@acme:registry=https://b.example/'
    const after = usedTexts(use('npm'), { '.npmrc': before })['.npmrc'] ?? ''
    expect(after).toContain('\n# hanse use keeps: registry = https://a.example/\n')
    expect(after).toContain('\n//a.example/:_authToken=secret\n@acme:registry=https://b.example/')
    expect(withoutOurs(after)).toBe(before)
  })
})

describe('.yarnrc.yml', () => {
  const yarn4 = (given: Partial<ClientUse> = {}) => use('yarn', { packageManager: 'yarn@4.12.0', ...given })
  const read = (text: string | undefined) => parse(text ?? '') as unknown

  it('is written for yarn 2 and later alone', () => {
    const namesFor = (given: Partial<ClientUse>) => clientFilesOf(use('yarn', given)).map(({ name }) => name)
    expect(namesFor({ packageManager: 'yarn@1.22.22' })).toEqual(['.npmrc'])
    expect(namesFor({ present: new Set(['.yarnrc.yml']) })).toEqual(['.yarnrc.yml'])
  })

  it('is written beside .npmrc where nothing says which yarn it is, so that neither goes past the node, and stays so', () => {
    const unknown = clientFilesOf(use('yarn')).map(({ name }) => name)
    expect(unknown).toEqual(['.npmrc', '.yarnrc.yml'])
    expect(clientFilesOf(use('yarn', { present: new Set(unknown) })).map(({ name }) => name)).toEqual(unknown)
    expect(openPointOf(use('yarn'))).toContain('packageManager')
  })

  it('names the registry, allows plain http there, and lets a private scope pass the age gate', () => {
    expect(read(usedTexts(yarn4())['.yarnrc.yml'])).toEqual({
      npmRegistryServer: 'http://127.0.0.1:7700/npm',
      unsafeHttpWhitelist: ['127.0.0.1'],
    })
    const scoped = {
      npmScopes: { acme: { npmRegistryServer: 'http://127.0.0.1:7700/npm' } },
      unsafeHttpWhitelist: ['127.0.0.1'],
    }
    expect(read(usedTexts(yarn4({ scope: '@acme' }))['.yarnrc.yml'])).toEqual({
      ...scoped,
      npmPreapprovedPackages: ['@acme/*'],
    })
    const old = use('yarn', { packageManager: 'yarn@4.2.0', scope: '@acme' })
    expect(read(usedTexts(old)['.yarnrc.yml'])).toEqual(scoped)
  })

  it('lets every private name pass the age gate where all names come from the node', () => {
    const given = yarn4({ privateNames: RELEASED })
    expect(read(usedTexts(given)['.yarnrc.yml'])).toMatchObject({ npmPreapprovedPackages: PATTERNS })
    const before = 'npmPreapprovedPackages:\n  - "@harbour/*"\n  - left-pad\n'
    const after = usedTexts(given, { '.yarnrc.yml': before })['.yarnrc.yml'] ?? ''
    const all = ['@acme/*', 'left-pad-internal', '@harbour/*', 'left-pad']
    expect(read(after)).toMatchObject({ npmPreapprovedPackages: all })
    expect(withoutOurs(after)).toBe(before)
    expect(openPointOf(given)).toBeNull()
    expect(openPointOf(yarn4())).toContain('has released none yet')
    expect(openPointOf({ ...given, packageManager: 'yarn@1.22.22' })).toBeNull()
    expect(openPointOf(use('yarn', { present: new Set(['.yarnrc.yml']) }))).toContain('packageManager')
  })

  const before = [
    '# ours',
    'nodeLinker: node-modules',
    'npmRegistryServer: https://a.example',
    'npmScopes:',
    '    other:',
    '        npmRegistryServer: https://b.example # keep',
    'unsafeHttpWhitelist: # why',
    '- "10.0.0.1"',
    'enableTelemetry: false',
    '',
  ].join('\n')

  it('is added to, and comes back exactly', () => {
    const whole = usedTexts(yarn4(), { '.yarnrc.yml': before })['.yarnrc.yml'] ?? ''
    expect(read(whole)).toMatchObject({
      nodeLinker: 'node-modules',
      npmRegistryServer: 'http://127.0.0.1:7700/npm',
      unsafeHttpWhitelist: ['127.0.0.1', '10.0.0.1'],
    })
    const scoped = usedTexts(yarn4({ scope: '@acme' }), { '.yarnrc.yml': before })['.yarnrc.yml'] ?? ''
    expect(read(scoped)).toMatchObject({
      npmRegistryServer: 'https://a.example',
      npmScopes: {
        other: { npmRegistryServer: 'https://b.example' },
        acme: { npmRegistryServer: 'http://127.0.0.1:7700/npm' },
      },
      npmPreapprovedPackages: ['@acme/*'],
    })
    expect([withoutOurs(whole), withoutOurs(scoped)]).toEqual([before, before])
  })

  it('that begins with a document marker stays one document', () => {
    const marked = `%YAML 1.2\n# theirs\n---\n${before}`
    const whole = usedTexts(yarn4(), { '.yarnrc.yml': marked })['.yarnrc.yml'] ?? ''
    expect(read(whole)).toMatchObject({ npmRegistryServer: 'http://127.0.0.1:7700/npm', nodeLinker: 'node-modules' })
    expect(withoutOurs(whole)).toBe(marked)
  })

  it('where nothing can be added safely is left alone', () => {
    for (const text of [
      'unsafeHttpWhitelist: ["a"]\n',
      'npmScopes:\n  acme:\n    npmRegistryServer: "x"\n',
      'npmScopes:\n  "acme": # theirs\n    npmRegistryServer: "x"\n',
    ]) {
      expect(() => usedTexts(yarn4({ scope: '@acme' }), { '.yarnrc.yml': text })).toThrow(/no entry can be added/)
    }
  })
})

it('pnpm with an age gate is told to let the private scope pass', () => {
  const pnpm = use('pnpm', { packageManager: 'pnpm@10.20.0', scope: '@acme' })
  const texts = usedTexts(pnpm, { 'pnpm-workspace.yaml': 'packages:\n  - "a"\n' })
  expect(parse(texts['pnpm-workspace.yaml'] ?? '')).toEqual({ packages: ['a'], minimumReleaseAgeExclude: ['@acme/*'] })
  expect(Object.keys(usedTexts({ ...pnpm, packageManager: 'pnpm@9.0.0' }))).toEqual(['.npmrc'])
})

it('npm and bun are told only where the project has set an age gate of its own', () => {
  const npm = use('npm', { privateNames: RELEASED })
  expect(usedTexts(npm)['.npmrc']).not.toContain('exclude')
  const gated = usedTexts(npm, { '.npmrc': 'min-release-age=3\n' })['.npmrc'] ?? ''
  for (const name of PATTERNS) expect(gated).toContain(`\nmin-release-age-exclude[]=${name}\n`)
  const bun = use('bun', { privateNames: RELEASED, present: new Set(['bunfig.toml']) })
  expect(usedTexts(bun, { 'bunfig.toml': '[install]\nexact = true\n' })['bunfig.toml']).toBe(
    '[install]\nexact = true\n',
  )
  const before = '[install]\nminimumReleaseAge = 259200 # three days\n\n[test]\ncoverage = true\n'
  const after = usedTexts(bun, { 'bunfig.toml': before })['bunfig.toml'] ?? ''
  // bun knows no patterns here.
  expect(toml(after)).toMatchObject({
    install: { minimumReleaseAgeExcludes: ['@acme/flag', '@acme/hull', 'left-pad-internal'] },
    test: { coverage: true },
  })
  expect(withoutOurs(after)).toBe(before)
  const own = '[install]\nminimumReleaseAge = 9\nminimumReleaseAgeExcludes = ["x"]\n'
  expect(() => usedTexts(bun, { 'bunfig.toml': own })).toThrow(/no entry can be added/)
})

it('any text comes back from use and undo as it was, also after using twice', () => {
  const line = fc.constantFrom(
    'registry=x',
    ' @acme:registry = y',
    '',
    '# c',
    '; d',
    '_auth=1',
    'a b',
    'registry=z\r',
    'é',
  )
  const scope = fc.constantFrom(null, '@acme')
  fc.assert(
    fc.property(fc.array(line), fc.array(scope, { minLength: 1, maxLength: 3 }), (lines, scopes) => {
      const before = lines.join('\n')
      let text = before
      for (const each of scopes) text = usedTexts(use('npm', { scope: each }), { '.npmrc': text })['.npmrc'] ?? ''
      expect(withoutOurs(text)).toBe(before)
    }),
  )
})
