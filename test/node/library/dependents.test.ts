import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Dependents, weightOfDependents } from '../../../src/node/library/dependents.ts'
import { hasMoved } from '../../../src/node/library/popularity-step.ts'
import type { PackageName, PublisherId } from '../../../src/protocol/index.ts'
import { npm } from './publisher-feed.ts'

const ACME = 'acme' as PublisherId
const ZETA = 'zeta' as PublisherId
const LEFT = npm('left')

test('every package counts for the names it needs now, until it is gone', () => {
  const dependents = new Dependents()
  dependents.set(ACME, npm('a'), [LEFT, npm('right')])
  dependents.set(ZETA, npm('a'), [LEFT])
  expect([dependents.packagesOf(LEFT), dependents.packagesOf(npm('right'))]).toEqual([2, 1])
  dependents.set(ACME, npm('a'), [npm('right')])
  dependents.set(ZETA, npm('a'), [])
  expect([dependents.packagesOf(LEFT), dependents.packagesOf(npm('right'))]).toEqual([0, 1])
})

test('ten thousand packages of one publisher weigh less than a hundred and twenty of as many publishers', () => {
  const dependents = new Dependents()
  for (let i = 0; i < 10_000; i++) dependents.set(ACME, npm(`p${i}`), [LEFT])
  for (let i = 0; i < 120; i++) dependents.set(`p${i}` as PublisherId, npm('x'), [npm('right')])
  expect(dependents.packagesOf(LEFT)).toBe(10_000)
  expect(dependents.weightOf(LEFT)).toBe(weightOfDependents(10_000))
  expect(dependents.weightOf(LEFT)).toBeLessThan(dependents.weightOf(npm('right')))
})

test('more dependents never weigh less', () => {
  for (let packages = 0; packages < 1_000; packages++) {
    expect(weightOfDependents(packages + 1)).toBeGreaterThanOrEqual(weightOfDependents(packages))
  }
})

const names = ['a', 'b', 'c', 'd', 'e', 'f'].map(npm)
const change = fc.record({
  publisher: fc.constantFrom(...(['p', 'q', 'r'] as PublisherId[])),
  name: fc.constantFrom(...Array.from({ length: 30 }, (_, i) => npm(`p${i}`))),
  needed: fc.uniqueArray(fc.constantFrom(...names)),
  takes: fc.nat(3),
})

test('after any changes the weights are those of a count from nothing, and what is not told of moved too little', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 120 }), changes => {
      const dependents = new Dependents()
      const last = new Map<string, (typeof changes)[number]>()
      const told = new Map<PackageName, number>()
      const take = () => {
        const name = dependents.takeMoved()
        if (name !== null) told.set(name, dependents.weightOf(name))
        return name !== null
      }
      for (const each of changes) {
        dependents.set(each.publisher, each.name, each.needed)
        last.set(`${each.publisher} ${each.name}`, each)
        for (let i = 0; i < each.takes; i++) take()
      }
      const anew = new Dependents()
      for (const { publisher, name, needed } of last.values()) anew.set(publisher, name, needed)
      while (take());
      for (const name of names) {
        expect(dependents.packagesOf(name)).toBe(anew.packagesOf(name))
        expect(dependents.weightOf(name)).toBe(anew.weightOf(name))
        expect(hasMoved(told.get(name) ?? 0, dependents.weightOf(name))).toBe(false)
      }
    }),
  )
})

test('weights that are taken note of are not told of until they move by half a doubling', () => {
  const dependents = new Dependents()
  for (let i = 0; i < 8; i++) dependents.set(ACME, npm(`p${i}`), [LEFT])
  dependents.settle()
  for (let i = 8; i < 11; i++) dependents.set(ZETA, npm(`p${i}`), [LEFT])
  expect(dependents.takeMoved()).toBeNull()
  dependents.set(ZETA, npm('p11'), [LEFT])
  expect([dependents.takeMoved(), dependents.takeMoved()]).toEqual([LEFT, null])
})

test('of a publisher whose packages are gone nothing is kept', () => {
  const dependents = new Dependents()
  dependents.set(ACME, npm('a'), [LEFT])
  dependents.set(ZETA, npm('a'), [])
  expect(dependents.sizes).toEqual({ names: 1, publishers: 1 })
  dependents.set(ACME, npm('a'), [])
  expect(dependents.sizes).toEqual({ names: 0, publishers: 0 })
})

test('made-up names that nobody needs any more before they were taken are not kept, but for those that are to be taken anyhow', () => {
  const dependents = new Dependents()
  const leftOf = () => {
    let left = 0
    while (dependents.takeMoved() !== null) left++
    return left
  }
  for (let round = 0; round < 20; round++) {
    const needed = Array.from({ length: 100 }, (_, i) => npm(`made-up-${round}-${i}`))
    dependents.set(ACME, npm('a'), needed)
    for (let taken = 0; taken < 20; taken++) dependents.takeMoved()
  }
  dependents.move(npm('made-up-19-50'))
  dependents.set(ACME, npm('a'), [])
  expect(leftOf()).toBeLessThan(100)
  dependents.set(ACME, npm('a'), [LEFT])
  dependents.move(LEFT)
  dependents.set(ACME, npm('a'), [])
  expect([dependents.takeMoved(), dependents.takeMoved()]).toEqual([LEFT, null])
})

test('a name of which a weight was told is told of when that is gone, also if it came and went again', () => {
  const dependents = new Dependents()
  dependents.set(ACME, npm('a'), [LEFT])
  dependents.settle()
  for (const needed of [[], [LEFT], []]) dependents.set(ACME, npm('a'), needed)
  expect([dependents.takeMoved(), dependents.takeMoved()]).toEqual([LEFT, null])
})
