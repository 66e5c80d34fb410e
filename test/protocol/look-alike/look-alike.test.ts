import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { likenessOf, TrustedNames } from '../../../src/protocol/index.ts'

function trusting(...names: string[]): TrustedNames {
  const trusted = new TrustedNames()
  trusted.add(names)
  return trusted
}

const POPULAR = [
  'express',
  'react',
  'lodash',
  'cross-env',
  '@babel/core',
  '@types/node',
  'socket.io',
  'mocha',
  'vue',
  'ms',
  'es6-shim',
]

describe('a name looks like a trusted one', () => {
  test.each([
    ['lodahs', 'lodash', 'two letters swapped'],
    ['expres', 'express', 'a letter left out'],
    ['exxpress', 'express', 'a letter repeated'],
    ['reactt', 'react', 'a letter repeated'],
    ['expressl', 'express', 'a letter added'],
    ['ezpress', 'express', 'a neighbouring key'],
    ['crossenv', 'cross-env', 'its separators moved'],
    ['cross.env', 'cross-env', 'its separators moved'],
    ['cro-ssenv', 'cross-env', 'its separators moved'],
    ['socket-io', 'socket.io', 'its separators moved'],
    ['babelcore', '@babel/core', 'its scope written otherwise'],
    ['babel-core', '@babel/core', 'its scope written otherwise'],
    ['@babelcore/babel', '@babel/*', null],
    ['@babel-core/x', '@babel/core', null],
    ['types-node', '@types/node', 'its scope written otherwise'],
    ['@type-s/node', '@types/node', 'its scope written otherwise'],
    ['@typse/anything', '@types/*', 'in the scope, two letters swapped'],
    ['l0dash', 'lodash', 'letters that look alike'],
    ['1odash', 'lodash', 'letters that look alike'],
    ['rnocha', 'mocha', 'letters that look alike'],
    ['lodаsh', 'lodash', 'letters that look alike'], // Cyrillic а
    ['lodásh', 'lodash', 'letters that look alike'],
    ['ＬODASH', 'lodash', 'letters that look alike'], // full-width L
    ['LoDash', 'lodash', 'another case'],
  ])('%s like %s: %s', (name, of, how) => {
    expect(trusting(...POPULAR).lookAlikeOf(name)).toEqual(how === null ? null : { of, how })
  })
})

test.each([
  'preact',
  'vuex',
  'vu',
  'm-s',
  'mz',
  'lodash-es',
  'expression',
  'express-session',
  'reach',
  'es5-shim',
  'es7-shim',
  '@acme/lodash',
  '',
])('%s looks like nothing', name => {
  expect(trusting(...POPULAR).lookAlikeOf(name)).toBeNull()
})

test('a name that is trusted too is no look-alike, nor is any in a trusted scope', () => {
  const trusted = trusting('lodash', 'lodahs', '@acme/tools')
  expect(trusted.lookAlikeOf('lodahs')).toBeNull()
  expect(trusted.lookAlikeOf('@acme/toolss')).toBeNull()
  expect(trusted.lookAlikeOf('acme-tools')).toEqual({ of: '@acme/tools', how: 'its scope written otherwise' })
})

test('the most used of several is named', () => {
  expect(trusting('colors', 'colours').lookAlikeOf('colorss')).toMatchObject({ of: 'colors' })
  expect(trusting('moment', 'momento').lookAlikeOf('momnet')).toMatchObject({ of: 'moment' })
})

test('names may be added one by one, and all are found', () => {
  const trusted = trusting()
  const names = Array.from(
    { length: 300 },
    (_, at) => `package-${String.fromCharCode(97 + (at % 26), 97 + Math.floor(at / 26))}xyz`,
  )
  for (const name of names) {
    trusted.add([name])
    expect(trusted.lookAlikeOf(name)).toBeNull()
  }
  for (const name of names)
    expect(trusted.lookAlikeOf(name.replace('-', ''))).toEqual({ of: name, how: 'its separators moved' })
})

test('the index finds what a comparison with every name would find', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abmnrvwo01-.'), minLength: 4, maxLength: 9 })
  fc.assert(
    fc.property(fc.uniqueArray(letters, { minLength: 1, maxLength: 12 }), letters, (names, name) => {
      const found = trusting(...names).lookAlikeOf(name)
      const first = names.includes(name) ? undefined : names.find(each => likenessOf(name, each) !== null)
      expect(found?.of ?? null).toBe(first ?? null)
    }),
    { numRuns: 3_000, seed: 7 },
  )
})

test('letters that are read as several do not hide the names after them', () => {
  const trusted = trusting('ﬃ'.repeat(10), '㎏'.repeat(10), 'express')
  expect(trusted.lookAlikeOf('expres')?.of).toBe('express')
  expect(trusted.lookAlikeOf('ffi'.repeat(10))?.of).toBe('ﬃ'.repeat(10))
})

test('names of any length and script are read without harm', () => {
  const trusted = trusting(...POPULAR, 'x'.repeat(214), '漢字漢字')
  for (const name of ['x'.repeat(213), '\u{1f4a9}'.repeat(100), '---', '@', '@/', '__proto__', 'constructor', '漢字']) {
    expect(() => trusted.lookAlikeOf(name)).not.toThrow()
  }
})
