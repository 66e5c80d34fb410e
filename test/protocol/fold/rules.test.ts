import { describe, expect, test } from 'vitest'
import type { PackageName, PublisherCatalogue, WellFormedRecord } from '../../../src/protocol/index.ts'
import { foldPublisher, forkProofs } from '../../../src/protocol/index.ts'
import * as u from './universe.ts'

const fold = (...records: WellFormedRecord[][]): PublisherCatalogue => foldPublisher(u.PUBLISHER, records.flat())
const state = (catalogue: PublisherCatalogue, name = 'pkg:npm/x') => catalogue.packages.get(name as PackageName)
const versions = (catalogue: PublisherCatalogue, name?: string) =>
  Object.fromEntries([...(state(catalogue, name)?.releases ?? [])].map(([version, { state: s }]) => [version, s]))
const feed = (catalogue: PublisherCatalogue, name: string) => catalogue.feeds.find(each => each.feed === u.feedOf(name))
const root = u.rootFeed(u.delegateBody('a'))
const x = (version: string) => `pkg:npm/x@${version}`

describe('a feed', () => {
  test('counts only while a live delegate names it', () => {
    expect(fold([u.GENESIS], u.writerFeed('a', u.release(x('1')))).packages.size).toBe(0)
    expect(versions(fold(root, u.writerFeed('a', u.release(x('1')))))).toEqual({ 1: 'live' })
  })
  test('is not stalled by an unknown kind between two releases', () => {
    expect(versions(fold(root, u.writerFeed('a', u.release(x('1')), null, u.release(x('2')))))).toEqual({
      1: 'live',
      2: 'live',
    })
  })
  test('counts nothing after a gap', () => {
    const [first, , third] = u.writerFeed('a', u.release(x('1')), u.release(x('2')), u.release(x('3')))
    expect(feed(fold(root, [first, third] as WellFormedRecord[]), 'a')).toMatchObject({ end: 2, reason: 'open' })
  })
  test('counts nothing of a forked place or later', () => {
    const a = u.writerFeed('a', u.release(x('1')), u.release(x('2')), u.release(x('3')))
    const other = u.writerRecord('a', a[0] ?? null, [u.release(x('2-evil'))])
    const folded = fold(root, a, [other])
    expect(versions(folded)).toEqual({ 1: 'live' })
    expect(feed(folded, 'a')).toMatchObject({ end: 2, head: a[0]?.id, reason: 'fork' })
    expect(forkProofs([...a, other])).toMatchObject([{ feed: u.feedOf('a'), seq: 2 }])
  })
  test('survives a thief that forks its first record once the root voids what follows the true head', () => {
    const a = u.writerFeed('a', u.release(x('1')), u.release(x('2')), u.release(x('3')))
    const thief = u.writerRecord('a', null, [u.release(x('1'), 'evil')], 'thief')
    expect(versions(fold(root, a, [thief]))).toEqual({})
    const ended = u.rootFeed(u.delegateBody('a'), u.voidBody('a', 3, a[1] ?? null))
    const folded = fold(ended, a, [thief])
    expect(versions(folded)).toEqual({ 1: 'live', 2: 'live' })
    expect(feed(folded, 'a')).toMatchObject({ end: 3, head: a[1]?.id, reason: 'void' })
  })
  test('voided from its start counts nothing', () => {
    const ended = u.rootFeed(u.delegateBody('a'), u.voidBody('a', 1, null))
    expect(fold(ended, u.writerFeed('a', u.release(x('1')))).packages.size).toBe(0)
  })
  test('touches only names of its scope', () => {
    const scoped = u.rootFeed(u.delegateBody('a', 'public', ['npm:x']))
    const folded = fold(scoped, u.writerFeed('a', u.release(x('1')), u.release('pkg:npm/y@1')))
    expect([...folded.packages.keys()]).toEqual(['pkg:npm/x'])
  })
  test('beyond the 64th live one is left out', () => {
    const many = u.rootFeed(...Array.from({ length: 65 }, (_, n) => u.delegateBody(`w${n}`)))
    const folded = fold(many, u.writerFeed('w63', u.release(x('1'))), u.writerFeed('w64', u.release(x('2'))))
    expect(versions(folded)).toEqual({ 1: 'live' })
    expect(folded.feeds).toHaveLength(65)
  })
})

describe('the root feed', () => {
  const delegated = root[1] ?? u.GENESIS
  const a = u.writerFeed('a', u.release(x('1')))
  test('forked stops root changes only: feeds delegated below go on', () => {
    const forks = ['b', 'c'].map(name => u.rootRecord(delegated, u.delegateBody(name)))
    const folded = fold(root, forks, a, u.writerFeed('b', u.release(x('2'))))
    expect(versions(folded)).toEqual({ 1: 'live' })
    expect(folded.feeds[0]).toMatchObject({ feed: 'root', end: 3, reason: 'fork' })
  })
  test('ignores records of a key that is no root key', () => {
    const stranger = u.rootRecord(delegated, u.voidBody('a', 1, null), u.NEW_ROOT_KEY)
    const own = u.rootRecord(delegated, u.delegateBody('b'))
    const folded = fold(root, [stranger, own], a, u.writerFeed('b', u.release(x('2'))))
    expect(versions(folded)).toEqual({ 1: 'live', 2: 'live' })
  })
  test('a rotate by the recovery key displaces ordinary records of its place and later', () => {
    const thief = u.rootRecord(delegated, u.delegateBody('thief'))
    const further = u.rootRecord(thief, u.voidBody('a', 1, null))
    const rotate = u.rootRecord(delegated, u.rotateBody(), u.RECOVERY_KEY)
    const next = u.rootRecord(rotate, u.delegateBody('b'), u.NEW_ROOT_KEY)
    const folded = fold(root, [thief, further, rotate, next], a, u.writerFeed('b', u.release(x('2'))))
    expect(folded.feeds.map(each => each.feed)).toEqual(['root', u.feedOf('a'), u.feedOf('b')])
    expect(versions(folded)).toEqual({ 1: 'live', 2: 'live' })
  })
  test('a rotate signed by anyone else changes no key', () => {
    const rotate = u.rootRecord(delegated, u.rotateBody(), u.ROOT_KEY)
    const next = u.rootRecord(rotate, u.delegateBody('b'), u.NEW_ROOT_KEY)
    expect(fold(root, [rotate, next]).feeds).toHaveLength(2)
  })
  test('a stolen old key does not undo a rotation by forking below it', () => {
    const rotate = u.rootRecord(delegated, u.rotateBody(), u.RECOVERY_KEY)
    const fork = u.rootRecord(u.GENESIS, u.delegateBody('thief'))
    const folded = fold(root, [rotate, fork], a)
    expect(versions(folded)).toEqual({ 1: 'live' })
    expect(folded.feeds[0]).toMatchObject({ end: 4, reason: 'open' })
  })
  test('two rotates for one place stop it', () => {
    const two = [u.NEW_ROOT_KEY, u.ROOT_KEY].map(key => u.rootRecord(delegated, u.rotateBody(key), u.RECOVERY_KEY, key))
    expect(fold(root, two, a).feeds[0]).toMatchObject({ end: 3, reason: 'fork' })
  })
})

describe('a package', () => {
  const both = u.rootFeed(u.delegateBody('a'), u.delegateBody('b'))
  test('unites the artifacts of two writers by file name', () => {
    const folded = fold(
      both,
      u.writerFeed('a', u.release(x('1'), 'one', 'x.tgz', 'first')),
      u.writerFeed('b', u.release(x('1'), 'two', 'x.whl', 'second')),
    )
    const release = state(folded)?.releases.get('1')
    expect(release?.artifacts.map(each => each.artifact.name)).toEqual(['x.tgz', 'x.whl'])
    expect(release).toMatchObject({ state: 'live', summary: { description: 'second' } })
  })
  test('is in conflict when one name has two contents, until one op is yanked', () => {
    const a = u.writerFeed('a', u.release(x('1'), 'one'))
    const b = u.writerFeed('b', u.release(x('1'), 'two'), u.yankAt(u.at(a[0])))
    expect(versions(fold(both, a, b.slice(0, 1)))).toEqual({ 1: 'conflict' })
    const settled = state(fold(both, a, b))?.releases.get('1')
    expect(settled).toMatchObject({ state: 'live', artifacts: [{ at: u.at(b[0]) }] })
  })
  test('yanked by name is live again after an undo that counts', () => {
    const a = u.writerFeed('a', u.release(x('1')), u.yank(x('1'), 'oops'))
    const undone = u.writerRecord('a', a[1] ?? null, [u.undo(u.at(a[1]))])
    expect(state(fold(root, a))?.releases.get('1')).toMatchObject({ state: 'yanked', yankedWhy: 'oops' })
    expect(versions(fold(root, a, [undone]))).toEqual({ 1: 'live' })
    const ended = u.rootFeed(u.delegateBody('a'), u.voidBody('a', 3, a[1] ?? null))
    expect(versions(fold(ended, a, [undone]))).toEqual({ 1: 'yanked' })
  })
  test('yanked as a whole is yanked in every version, whichever came first', () => {
    const a = u.writerFeed('a', u.yank('pkg:npm/x', 'gone'), u.release(x('1')))
    expect(versions(fold(root, a))).toEqual({ 1: 'yanked' })
  })
  test('keeps the last tag by feed rank, not by arrival', () => {
    const a = u.writerFeed('a', null, null, u.tag('pkg:npm/x', 'latest', '1'), u.tag('pkg:npm/x', 'old', '0'))
    const b = u.writerFeed('b', u.tag('pkg:npm/x', 'latest', '2'), u.tag('pkg:npm/x', 'old', null))
    expect([...(state(fold(both, b, a))?.tags ?? [])]).toEqual([['latest', '2']])
  })
  test('is public as soon as a public record releases it', () => {
    const feeds = u.rootFeed(u.delegateBody('a', 'private'), u.delegateBody('b'))
    const a = u.writerFeed('a', u.release(x('1')), u.release(x('2')))
    const folded = fold(feeds, a, u.writerFeed('b', u.release(x('2'))))
    expect([...(state(folded)?.releases.values() ?? [])].map(each => each.visibility)).toEqual(['private', 'public'])
  })
  test('carries a deprecation of the whole package into its versions', () => {
    const a = u.writerFeed('a', u.release(x('1')), u.deprecate('pkg:npm/x', 'use y'))
    expect(state(fold(root, a))).toMatchObject({ deprecated: 'use y' })
    expect(state(fold(root, a))?.releases.get('1')).toMatchObject({ state: 'live', deprecated: 'use y' })
  })
})
