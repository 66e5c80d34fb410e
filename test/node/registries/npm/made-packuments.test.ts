import { expect, it } from 'vitest'
import { MadePackuments } from '../../../../src/node/registries/npm/made-packuments.ts'
import type { NpmPackument } from '../../../../src/node/registries/npm/npm-source.ts'
import type { PackageState } from '../../../../src/protocol/index.ts'

const state = (): PackageState => ({ releases: new Map(), tags: new Map() }) as unknown as PackageState
const made = (revision: string, bytes = 10, isWhole = true) => ({
  packument: { revision, document: { name: 'x', 'dist-tags': {}, versions: {} }, versions: null } as NpmPackument,
  ...{ bytes, isWhole },
})
const CALM = new AbortController().signal

it('makes a packument once, however many ask at the same time and afterwards', async () => {
  const packuments = new MadePackuments()
  const one = state()
  let makings = 0
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const make = async () => {
    makings++
    await gate
    return made('r')
  }
  const asked = Array.from({ length: 50 }, () => packuments.get(one, make, CALM))
  open()
  expect(new Set(await Promise.all(asked)).size).toBe(1)
  await packuments.get(one, make, CALM)
  expect(makings).toBe(1)
})

it('goes on for the others when one asker leaves, and stops when the last has left', async () => {
  const packuments = new MadePackuments()
  const one = state()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const signals: AbortSignal[] = []
  const make = async (signal: AbortSignal) => {
    signals.push(signal)
    await gate
    signal.throwIfAborted()
    return made('r')
  }
  const [first, second] = [new AbortController(), new AbortController()]
  const [left, alsoLeft] = [packuments.get(one, make, first.signal), packuments.get(one, make, second.signal)]
  first.abort(new Error('first left'))
  await expect(left).rejects.toThrow('first left')
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  second.abort(new Error('second left'))
  await expect(alsoLeft).rejects.toThrow('second left')
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  const again = packuments.get(one, make, CALM)
  open()
  expect((await again).revision).toBe('r')
  expect(signals).toHaveLength(2)
})

it('keeps no more than its bound, and nothing that lacks a manifest', async () => {
  const packuments = new MadePackuments(100_000)
  const states = Array.from({ length: 10 }, state)
  const makings: PackageState[] = []
  const ask = (each: PackageState, bytes: number, isWhole = true) =>
    packuments.get(
      each,
      async () => {
        makings.push(each)
        return made('r', bytes, isWhole)
      },
      CALM,
    )
  for (const each of states) await ask(each, 30_000)
  expect(makings).toHaveLength(10)
  await ask(states[9]!, 30_000)
  expect(makings).toHaveLength(10)
  await ask(states[0]!, 30_000)
  expect(makings).toHaveLength(11)
  const partial = state()
  await ask(partial, 10, false)
  await ask(partial, 10, false)
  expect(makings).toHaveLength(13)
})
