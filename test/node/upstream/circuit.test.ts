import { expect, test } from 'vitest'
import { Circuit } from '../../../src/node/upstream/circuit.ts'

test('rests double from a second to a minute, shortened by up to half', () => {
  for (const [random, factor] of [
    [0, 1],
    [0.999999, 0.5],
  ] as const) {
    const circuit = new Circuit(() => random)
    let now = 0
    const rests: number[] = []
    for (let i = 0; i < 9; i++) {
      expect(circuit.admit(now)).toEqual({ may: true })
      circuit.failed('unreachable', now)
      const refused = circuit.admit(now)
      const restMs = refused.may ? 0 : refused.restMs
      rests.push(Math.round(restMs))
      now += Math.ceil(restMs)
    }
    expect(rests).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map(s => s * 1000 * factor))
  }
})

test('many requests that fail at once count as one rest', () => {
  const circuit = new Circuit(() => 0)
  for (let i = 0; i < 100; i++) circuit.failed('unreachable', 0)
  expect(circuit.admit(999).may).toBe(false)
  expect(circuit.admit(1000).may).toBe(true)
})

test('after a rest one request probes; its success opens, its failure rests longer, its abandoning lets another probe', () => {
  const circuit = new Circuit(() => 0)
  circuit.failed('unreachable', 0)
  expect([circuit.admit(1000).may, circuit.admit(1000).may]).toEqual([true, false])
  circuit.abandoned()
  expect(circuit.admit(1000).may).toBe(true)
  circuit.failed('fault', 1000)
  expect([circuit.admit(2999).may, circuit.admit(3000).may]).toEqual([false, true])
  circuit.completed()
  expect([circuit.admit(3000).may, circuit.admit(3000).may]).toEqual([true, true])
})

test('answers that begin and never end do not count as health', () => {
  const circuit = new Circuit(() => 0)
  for (let i = 0; i < 5; i++) {
    expect(circuit.admit(0).may).toBe(true)
    circuit.answered()
    circuit.failed('fault', 0)
  }
  expect(circuit.admit(0).may).toBe(false)
})

test('what the host asks for is kept to, up to a minute', () => {
  const circuit = new Circuit(() => 0)
  circuit.failed('fault', 0, 30_000)
  expect([circuit.isResting(29_999), circuit.isResting(30_000)]).toEqual([true, false])
  circuit.completed()
  circuit.failed('fault', 0, 1e9)
  expect([circuit.isResting(59_999), circuit.isResting(60_000)]).toEqual([true, false])
})
