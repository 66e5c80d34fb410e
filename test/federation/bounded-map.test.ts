import { expect, test } from 'vitest'
import { BoundedMap } from '../../src/federation/bounded-map.ts'

test('holds so many entries, and the one set longest ago goes first', () => {
  const map = new BoundedMap<string, number>(3)
  for (const [n, key] of ['a', 'b', 'c'].entries()) map.set(key, n)
  map.set('a', 3).set('d', 4)
  expect([...map]).toEqual([
    ['c', 2],
    ['a', 3],
    ['d', 4],
  ])
})

test('to read or delete an entry changes nothing of who goes next', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1).set('b', 2)
  expect(map.get('a')).toBe(1)
  map.set('c', 3)
  expect([...map.keys()]).toEqual(['b', 'c'])
  map.delete('b')
  map.set('d', 4)
  expect([...map.keys()]).toEqual(['c', 'd'])
})
