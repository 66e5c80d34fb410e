import { expect, test } from 'vitest'
import { FailureLog } from '../../../src/node/composition/failure-log.ts'

test('a failure that comes again and again is a line a minute for each subject, with how many were left out', () => {
  const lines: string[] = []
  let now = 0
  const write = ({ subject, unsaid }: { subject: string; unsaid: number }) => lines.push(`${subject} ${unsaid}`)
  const log = new FailureLog({ now: () => now, write })
  for (const at of [0, 1, 59_999, 60_000, 60_001]) {
    now = at
    log.failed('feed', new Error('disk'))
  }
  log.failed('search', new Error('disk'))
  expect(lines).toEqual(['feed 0', 'feed 2', 'search 0'])
})
