import { expect, test } from 'vitest'
import { endOf, spanMsOf } from '../../../src/node/policy/moment-text.ts'

const NOW = Date.parse('2027-01-01T00:00:00Z')

test.each([
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['1w', 604_800_000],
  ['1y', 31_536_000_000],
])('%s is a span of %d ms', (text, ms) => {
  expect(spanMsOf(text)).toBe(ms)
  expect(endOf(text, NOW)).toBe(NOW + ms)
})

test('a day ends as it begins, a time when it says', () => {
  expect(endOf('2027-06-30', NOW)).toBe(Date.parse('2027-06-30T00:00:00Z'))
  expect(endOf('2027-06-30T12:00:00+02:00', NOW)).toBe(Date.parse('2027-06-30T10:00:00Z'))
})

test.each([
  '',
  '0d',
  '7',
  'd',
  '-1d',
  '7 d',
  '1000000d',
  'tomorrow',
  '2027-02-31x',
  '2027-02-31',
  '2027-02-30T12:00:00Z',
  '2026-12-31',
  '2027-13-01',
])('%j is no end that lies ahead', text => {
  expect(() => endOf(text, NOW)).toThrow(expect.objectContaining({ code: 'E_USAGE', hint: expect.any(String) }))
})
