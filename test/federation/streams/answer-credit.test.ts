import { expect, test } from 'vitest'
import { AnswerCredit } from '../../../src/federation/streams/answer-credit.ts'
import { STALL_MS } from '../../../src/federation/streams/limits.ts'
import { settled, TestClock } from './duplex-pair.ts'

const WINDOW = 64 << 10

/** A message that needs 1,000 bytes of credit, of which there is none. */
async function spending() {
  const clock = new TestClock()
  const credit = new AnswerCredit(WINDOW, clock)
  await credit.spend(WINDOW)
  let end: string | null = null
  void credit.spend(1_000).then(
    () => {
      end = 'spent'
    },
    error => {
      end = error.code
    },
  )
  return { clock, credit, end: () => end }
}

test('a reader that grants a byte now and then is given up as one that grants none', async () => {
  const { clock, credit, end } = await spending()
  for (let n = 0; n < 3; n++) {
    await clock.pass(STALL_MS / 4)
    expect(credit.grant(1)).toBe(true)
  }
  expect(end()).toBeNull()
  await clock.pass(STALL_MS / 4 + 1)
  expect(end()).toBe('E_STALLED')
})

test('grants that are enough together let the message go', async () => {
  const { clock, credit, end } = await spending()
  for (const bytes of [400, 500, 100]) {
    await clock.pass(STALL_MS / 4)
    credit.grant(bytes)
  }
  await settled()
  expect(end()).toBe('spent')
})
