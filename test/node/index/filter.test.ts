import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter, type SearchFilter } from '../../../src/node/index/index.ts'
import { stemOf } from '../../../src/node/index/porter.ts'
import { wordsOf } from '../../../src/node/index/tokenise.ts'
import { documentOf } from './documents.ts'

const knots = documentOf('@acme/knot-tyer', 'Ties knots in ropes of any kind', {
  ...{ publisher: 'harbour', license: '(MIT OR Apache-2.0)', keywords: ['CLI', 'command line', 'ropes'] },
})
const fits = (filter: SearchFilter, document = knots) => compileFilter(filter)(document)
const licensed = (license: string) => documentOf('x', '', { license })

describe('a filter', () => {
  it('that asks for nothing lets everything through', () => {
    expect(fits({})).toBe(true)
    expect(fits({ types: [], publishers: [], licenses: [], keywords: [], phrases: [], without: [] })).toBe(true)
  })

  it('wants one of the types, one of the publishers and one of the licences', () => {
    expect(fits({ types: ['pypi', 'npm'], publishers: ['office', 'harbour'], licenses: ['ISC', 'mit'] })).toBe(true)
    expect(fits({ types: ['pypi'] })).toBe(false)
    expect(fits({ publishers: ['office'] })).toBe(false)
    expect(fits({ licenses: ['ISC'] })).toBe(false)
  })

  it('wants all keywords and all phrases', () => {
    expect(fits({ keywords: ['cli', 'rope'] })).toBe(true)
    expect(fits({ keywords: ['cli', 'knot'] })).toBe(false)
    expect(fits({ keywords: ['command line'] })).toBe(true)
    expect(fits({ keywords: ['command'] })).toBe(false)
    expect(fits({ phrases: ['knot in rope', 'knot tyer', 'ROPES of any'] })).toBe(true)
    expect(fits({ phrases: ['knots ropes'] })).toBe(false)
    expect(fits({ phrases: ['line ropes'] })).toBe(false)
  })

  it('wants none of the words that were excluded, wherever they stand', () => {
    for (const word of ['acme', 'knot', 'cli', 'rope', 'in ropes']) expect(fits({ without: [word] })).toBe(false)
    expect(fits({ without: ['rop', 'knots ropes', 'hull'] })).toBe(true)
  })

  it('finds the licences that an SPDX expression names, and no operator of it', () => {
    const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      ['MIT OR Apache-2.0', ['mit', 'Apache-2.0', 'MIT OR Apache-2.0'], ['or', 'Apache', 'MIT-0']],
      ['MIT/Apache-2.0', ['MIT', 'apache-2.0'], ['2.0']],
      ['(LGPL-2.1-only AND MIT) OR BSD-3-Clause', ['LGPL-2.1', 'LGPL-2.1-only', 'MIT', 'BSD-3-Clause'], ['and', '']],
      ['GPL-2.0+ WITH Classpath-exception-2.0', ['GPL-2.0', 'GPL-2.0+', 'Classpath-exception-2.0'], ['with', 'GPL']],
      ['GPL-3.0-or-later', ['gpl-3.0', 'GPL-3.0-or-later'], ['GPL-3.0-only']],
      ['', [], ['MIT']],
    ]
    for (const [expression, named, others] of cases) {
      for (const each of named)
        expect([expression, each, fits({ licenses: [each] }, licensed(expression))]).toEqual([expression, each, true])
      for (const each of others.filter(other => other !== ''))
        expect([expression, each, fits({ licenses: [each] }, licensed(expression))]).toEqual([expression, each, false])
    }
  })

  it('is no filter where a phrase or an excluded text has no words', () => {
    expect(fits({ phrases: ['!!'], without: ['🦀'], keywords: ['-'] })).toBe(true)
  })

  it('compares words as the index does: by their stems, whatever the phrase', () => {
    const word = fc.constantFrom(
      'ties',
      'tie',
      'knots',
      'running',
      'run',
      'says',
      'say',
      'ays',
      'generally',
      'genera',
      '漢字列',
      'ies',
      'yes',
    )
    const words = fc.array(word, { minLength: 1, maxLength: 6 })
    const stems = (text: string) => ` ${wordsOf(text).map(stemOf).join(' ')} `
    fc.assert(
      fc.property(words, words, (text, run) => {
        const document = documentOf('x', text.join(' '))
        const isThere = stems(text.join(' ')).includes(stems(run.join(' ')))
        expect(fits({ phrases: [run.join(' ')] }, document)).toBe(isThere)
        expect(fits({ without: [run.join(' ')] }, document)).toBe(!isThere)
      }),
    )
  })
})
