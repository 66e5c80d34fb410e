import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  insertRoute,
  NO_RELATION,
  type PackageName,
  type Pattern,
  type PublisherId,
  parsePattern,
  parsePublisherId,
  type Relation,
  type Route,
  type RouteView,
  resolvePublisher,
  resolveRoute,
} from '../../src/protocol/index.ts'

const ACME = parsePublisherId('bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
const ANY: Relation = { ...NO_RELATION, follow: true, allow: 'any' }
const ALLOWED: Route = { match: '*' as Pattern, target: { to: 'allowed' } }

/** Every kind of command that a refusal of a name proposes, for names that a shell would take apart. */
function hints(): string[] {
  const view = (given: Partial<RouteView>): RouteView => ({
    routes: [ALLOWED],
    own: null,
    isOwn: () => false,
    relationOf: () => NO_RELATION,
    publishersOf: () => [ACME, 'named' as PublisherId],
    pinOf: () => null,
    nameOf: id => id,
    ...given,
  })
  const names = ["pkg:npm/it's", 'pkg:generic/$home'] as PackageName[]
  const answers = names.flatMap(name => [
    resolveRoute(name, view({})),
    resolveRoute(name, view({ relationOf: () => ANY })),
    resolveRoute(name, view({ pinOf: () => 'gone' as PublisherId })),
    resolvePublisher(name, ACME, view({ relationOf: () => ({ ...NO_RELATION, block: true }) })),
  ])
  const taken = insertRoute([ALLOWED], { match: '*' as Pattern, target: { to: 'nowhere' } })
  const all = [...answers.map(answer => ('hint' in answer ? answer.hint : null)), 'hint' in taken ? taken.hint : null]
  return [...new Set(all.flatMap(hint => hint?.split('\n') ?? []))]
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-hints-'))
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  await writeFile(join(folder, 'hanse'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  await writeFile(join(folder, 'words'), '#!/bin/sh\nprintf "%s\\n" "$@"\n')
  for (const name of ['hanse', 'words']) await chmod(join(folder, name), 0o755)
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

async function paste(line: string): Promise<{ readonly code: number | null; readonly out: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; out: string }>()
  const env = { PATH: `${folder}:${process.env.PATH}`, HANSE_HOME: folder }
  const child = spawn('sh', ['-c', line], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      out += text
    })
  }
  child.on('error', reject)
  child.on('close', code => resolve({ code, out }))
  return await promise
}

test('every hint of a refused name is a command that the shell and the command line take as it stands', async () => {
  const lines = hints()
  const verbs = new Set(lines.map(line => /^hanse (route \w+|\w+) /.exec(line)?.[1]))
  expect(verbs).toEqual(new Set(['allow', 'route add', 'follow', 'route remove']))
  for (const line of lines) {
    // Exit 6 is the missing node: what does not parse exits 2 before that.
    const { code, out } = await paste(line)
    expect([line, code]).toEqual([line, 6])
    expect(out).toContain('error[E_NO_NODE]')
  }
})

test('the words of every hint are patterns and publishers as they were meant', async () => {
  for (const line of hints()) {
    const { out } = await paste(line.replace(/^hanse/, 'words'))
    const patterns = out.split('\n').filter(word => word.includes(':') || word === '*')
    for (const word of patterns) expect([line, parsePattern(word)]).toEqual([line, { ok: true, value: word }])
  }
})
