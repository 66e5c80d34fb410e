import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ClientUse, clientFilesOf, FILES_OF, openPointOf } from '../../../src/cli/use/client-files.ts'
import { oursIn } from '../../../src/cli/use/deno-files.ts'
import { denoOursOf, denoWith, withoutDenoOurs } from '../../../src/cli/use/deno-text.ts'

const PATTERNS = ['@acme/*', 'left-pad-internal']
const EXCLUDE = ['npm:@acme/*', 'npm:left-pad-internal']
const used = (text: string, patterns = PATTERNS) => denoWith('deno.json', text, patterns)
const undone = (text: string) => withoutDenoOurs('deno.json', text)
const read = (text: string) => JSON.parse(text) as Record<string, unknown>

describe('deno.json', () => {
  it('that says nothing of ages lets private names pass, and keeps the age that deno has by itself', () => {
    const before = '{\n  "tasks": { "dev": "deno run main.ts" },\n  "imports": {}\n}\n'
    const after = used(before)
    expect(after).toBe(
      [
        '{',
        '  "// hanse use": {',
        '    "before": "nothing",',
        '    "added": [',
        '      "npm:@acme/*",',
        '      "npm:left-pad-internal"',
        '    ]',
        '  },',
        '  "minimumDependencyAge": {',
        '    "exclude": [',
        '      "npm:@acme/*",',
        '      "npm:left-pad-internal"',
        '    ]',
        '  },',
        before.slice(2),
      ].join('\n'),
    )
    expect(undone(after)).toBe(before)
    expect(denoOursOf('deno.json', after)).toEqual([
      `"minimumDependencyAge": { "exclude": ${JSON.stringify(EXCLUDE)} }`,
    ])
  })

  it.each([
    ['a duration', '{"minimumDependencyAge":"P3D"}', { age: 'P3D', exclude: EXCLUDE }],
    ['minutes', '{ "minimumDependencyAge": 4320 }', { age: 4320, exclude: EXCLUDE }],
    ['an object', '{"minimumDependencyAge":{"age":60}}', { age: 60, exclude: EXCLUDE }],
    ['an empty object', '{"minimumDependencyAge":{}}', { exclude: EXCLUDE }],
    ['an empty list', '{"minimumDependencyAge":{"exclude":[]}}', { exclude: EXCLUDE }],
    ['a list', '{"minimumDependencyAge":{"exclude":["npm:chalk"]}}', { exclude: [...EXCLUDE, 'npm:chalk'] }],
    [
      'a list that has one of them',
      '{"minimumDependencyAge":{"exclude":["npm:@acme/*"]}}',
      { exclude: [EXCLUDE[1], EXCLUDE[0]] },
    ],
  ])('that sets %s keeps it', (_what, before, gate) => {
    const after = used(before)
    expect(read(after).minimumDependencyAge).toEqual(gate)
    expect(undone(after)).toBe(before)
    expect(used(after)).toBe(after)
  })

  it.each(['0', '"0"', 'false', '{"age":0}'])('whose gate is off (%s) stays as it is', age => {
    const before = `{"minimumDependencyAge":${age}}`
    expect(used(before)).toBe(before)
  })

  it('stays as it is where no name is private, or deno would not understand the pattern', () => {
    expect([used('{}', []), used('{}', ['*', 'a-*-b', '@*/x'])]).toEqual(['{}', '{}'])
  })

  it('keeps comments, trailing commas, tabs and line ends', () => {
    const before = [
      '// Ours. "minimumDependencyAge": 1',
      '{ // all',
      '\t/* "exclude": [ */ "fmt": { "useTabs": true, }, // tabs }',
      "\t'minimumDependencyAge': { // three days",
      '\t\tage: "P3D", "exclude": [',
      '\t\t\t// a friend\'s, "]"',
      '\t\t\t"npm:chalk", // why',
      '\t\t],',
      '\t},',
      '}',
      '',
    ].join('\r\n')
    const after = used(before)
    expect(after).toContain(
      '"exclude": [\r\n\t\t\t"npm:@acme/*",\r\n\t\t\t"npm:left-pad-internal",\r\n\t\t\t// a friend',
    )
    expect(undone(after)).toBe(before)
  })

  it('keeps at undo what others added since, and other names take the place of ours', () => {
    const more = used('{\n  "minimumDependencyAge": "P3D"\n}').replace('"exclude": [', '"exclude": ["npm:theirs", ')
    expect(read(undone(more))).toEqual({ minimumDependencyAge: { age: 'P3D', exclude: ['npm:theirs'] } })
    const last = used('{"minimumDependencyAge":{}}').replace('-internal"]}}', '-internal", "npm:theirs"]}}')
    expect(read(undone(last))).toEqual({ minimumDependencyAge: { exclude: ['npm:theirs'] } })
    const others = read(used(used('{}'), ['@other/*']))
    expect(others.minimumDependencyAge).toEqual({ exclude: ['npm:@other/*'] })
  })

  it('formatted anew since comes back with nothing of ours', () => {
    const anew = (text: string) => JSON.stringify(read(text), null, 4)
    for (const before of ['{}', '{"a":1,"minimumDependencyAge":5}', '{"minimumDependencyAge":{"age":5}}']) {
      expect(read(undone(anew(used(before))))).toEqual(read(before))
    }
  })

  it('where nothing can be added safely is refused with what to do', () => {
    for (const text of ['', '[]', '{', '{"a" 1}', '{"a":}', '{"a":1 "b":2}', '{"a":"', '{"a":/}', '{"a":[}']) {
      expect(() => used(text), text).toThrow('deno.json is no JSON object')
    }
    for (const gate of ['null', '[]', '{"exclude":"x"}']) {
      expect(() => used(`{"minimumDependencyAge":${gate}}`), gate).toThrow(/no name can be added safely/)
    }
    expect(() => undone('{"// hanse use": {"before": "x"}}')).toThrow(/changed/)
  })
})

it('any file comes back from use and undo as it was, also after using twice', () => {
  const blank = fc.constantFrom('', '', ' ', '\n  ', '\r\n\t', ' // c "}\n', '/* [ */')
  const age = fc.constantFrom('"P2D"', '90', '"2026-01-01"')
  const item = fc.constantFrom('"npm:chalk"', '"npm:@acme/*"', '"jsr:@std/path"')
  const list = listOf('[', ']', item, blank)
  const field = fc.oneof(age, list).map(value => `"${value.startsWith('[') ? 'exclude' : 'age'}":${value}`)
  const object = fc.tuple(blank, field, blank, fc.constantFrom('', ',')).map(([a, b, c, d]) => `{${a}${b}${d}${c}}`)
  const gate = fc.tuple(blank, fc.oneof(age, object, fc.constant('{}'))).map(parts => parts.join(''))
  const others = fc.constantFrom<string>('"tasks": {"a": "b, {"}', '"lock"\n: false', 'nodeModulesDir: "auto"')
  const root = fc
    .tuple(fc.array(others, { maxLength: 3 }), fc.option(gate), fc.array(blank, { minLength: 8, maxLength: 8 }))
    .map(([given, value, blanks]) => {
      const members = value === null ? given : given.toSpliced(1, 0, `"minimumDependencyAge":${value}`)
      return `${blanks[6]}{${members.map((member, at) => blanks[at] + member).join(',')}${blanks[7]}}`
    })
  const choices = fc.array(fc.constantFrom(PATTERNS, ['@acme/*'], ['@other/*', 'chalk'], []), {
    minLength: 1,
    maxLength: 3,
  })
  fc.assert(
    fc.property(root, choices, (before, given) => {
      let text = before
      for (const patterns of given) text = used(text, patterns)
      // Every such file is an expression of JavaScript too.
      const { minimumDependencyAge: gate } = runInNewContext(`(${text}\n)`) as {
        minimumDependencyAge?: { exclude?: string[] }
      }
      expect(gate?.exclude ?? []).toEqual(expect.arrayContaining(given.at(-1)!.map(name => `npm:${name}`)))
      expect(undone(text)).toBe(before)
    }),
    { numRuns: 1000 },
  )
})

/** Lists of items between brackets, with blanks around each and perhaps a comma at their end. */
function listOf(open: string, close: string, item: fc.Arbitrary<string>, blank: fc.Arbitrary<string>) {
  const items = fc.array(
    fc.tuple(blank, item, blank).map(parts => parts.join('')),
    { maxLength: 3 },
  )
  return fc.tuple(items, blank, fc.boolean()).map(([given, end, hasComma]) => {
    const comma = hasComma && given.length > 0 ? ',' : ''
    return `${open}${given.join(',')}${comma}${end}${close}`
  })
}

describe('hanse use npm', () => {
  const use = (present: readonly string[], patterns = PATTERNS): ClientUse => ({
    ...{ client: 'npm', registry: 'http://127.0.0.1:7700/npm/', scope: null, packageManager: null },
    ...{ privateNames: { patterns, names: [] }, present: new Set(present) },
  })
  const filesFor = (...present: string[]) => clientFilesOf(use(present)).map(({ name }) => name)

  it('changes the configuration that deno reads, where there is one', () => {
    expect(filesFor()).toEqual(['.npmrc'])
    expect(filesFor('deno.jsonc')).toEqual(['.npmrc', 'deno.jsonc'])
    expect(filesFor('deno.jsonc', 'deno.json')).toEqual(['.npmrc', 'deno.json'])
    expect(FILES_OF.npm).toEqual(['.npmrc', 'deno.json', 'deno.jsonc'])
    const [, file] = clientFilesOf(use(['deno.jsonc']))
    const after = file?.change('{}') ?? ''
    expect(oursIn('deno.jsonc', after)).toEqual([`"minimumDependencyAge": { "exclude": ${JSON.stringify(EXCLUDE)} }`])
  })

  it('says what deno holds still', () => {
    expect([openPointOf(use([])), openPointOf(use(['deno.json', 'deno.lock']))]).toEqual([null, null])
    expect(openPointOf(use(['deno.lock']))).toContain('write {} into deno.json')
    expect(openPointOf(use(['deno.jsonc'], []))).toContain('has released none yet')
  })
})
