import { expect, test } from 'vitest'
import { AnsweredError } from '../../src/cli/errors.ts'
import { watchTransfer } from '../../src/cli/watch-transfer.ts'

const transfer = { fileName: 'a.bin', size: 2_000, bytes: 1_000, kept: 0, forMs: 0, mirrors: [{}] }

test('only the transfer that was asked for is shown, and nothing stays', async () => {
  const shown: (string | null)[] = []
  const { promise, resolve } = Promise.withResolvers<string>()
  const node = {
    call: async <T>() =>
      [
        { ...transfer, asked: ['npm:other'], fileName: 'other.bin' },
        { ...transfer, asked: ['npm:other', 'npm:ours'] },
      ] as T,
  }
  const live = (line: string | null) => {
    shown.push(line)
    resolve('installed')
  }
  expect(await watchTransfer(node, 'npm:ours', live, () => promise)).toBe('installed')
  expect(shown).toEqual(['a.bin  1.0 kB of 2.0 kB  50 %  from 1 peer', null])
})

test('a node that cannot tell is asked once, and the work goes on', async () => {
  const shown: (string | null)[] = []
  const asked = Promise.withResolvers<void>()
  let times = 0
  const node = {
    call: async () => {
      times++
      asked.resolve()
      throw new AnsweredError('E_NOT_FOUND', 'no such path')
    },
  }
  await watchTransfer(
    node,
    'npm:ours',
    line => shown.push(line),
    () => asked.promise,
  )
  expect([times, shown]).toEqual([1, [null]])
})

test('a node that cannot tell before the work has ended leaves no rejection that nobody handles', async () => {
  const rejections: unknown[] = []
  const note = (error: unknown) => rejections.push(error)
  process.on('unhandledRejection', note)
  const failed = Promise.withResolvers<void>()
  const node = {
    call: async () => {
      setImmediate(failed.resolve)
      throw new AnsweredError('E_NOT_FOUND', 'no such path')
    },
  }
  const work = async () => {
    await failed.promise
    return 'installed'
  }
  expect(await watchTransfer(node, 'npm:ours', () => {}, work)).toBe('installed')
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

test('work that fails takes the line away and fails as it did', async () => {
  const shown: (string | null)[] = []
  const seen = Promise.withResolvers<never>()
  const node = { call: async <T>() => [{ ...transfer, asked: ['npm:ours'] }] as T }
  const live = (line: string | null) => {
    shown.push(line)
    seen.reject(new Error('no provider'))
  }
  await expect(watchTransfer(node, 'npm:ours', live, () => seen.promise)).rejects.toThrow('no provider')
  expect(shown.at(-1)).toBeNull()
})

test('an answer that comes after the end shows nothing', async () => {
  const shown: (string | null)[] = []
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()]
  const node = {
    call: async <T>() => {
      asked.resolve()
      return (await answer.promise) as T
    },
  }
  await watchTransfer(
    node,
    'npm:ours',
    line => shown.push(line),
    () => asked.promise,
  )
  answer.resolve([{ ...transfer, asked: ['npm:ours'] }])
  await new Promise(resolve => setImmediate(resolve))
  expect(shown).toEqual([null])
})
