import { expect, test } from 'vitest'
import { cvss3ScoreOf, severityOfScore } from '../../../src/protocol/advisory/cvss3.ts'

// Scores that the examples of the specification and its public calculator give.
test.each([
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
  ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1],
  ['CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N', 6.4],
  ['CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', 7.8],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', 7.5],
  ['CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N', 3.7],
  ['CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N', 0],
  ['CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N/E:P', 9.8],
])('%s scores %d', (vector, score) => {
  expect(cvss3ScoreOf(vector)).toBe(score)
})

test.each([
  '',
  'CVSS:2.0/AV:N',
  'CVSS:3.1',
  'CVSS:3.1/AV:N/AC:L',
  'CVSS:3.1/AV:constructor/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
])('%j is no vector', vector => {
  expect(cvss3ScoreOf(vector)).toBeNull()
})

test('ratings begin where the specification says', () => {
  expect([0, 3.9, 4, 6.9, 7, 8.9, 9, 10].map(severityOfScore)).toEqual([
    ...['low', 'low', 'moderate', 'moderate', 'high', 'high', 'critical', 'critical'],
  ])
})
