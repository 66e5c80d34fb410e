import { describe, expect, test } from 'vitest'
import type {
  PackageName,
  Pattern,
  PublisherId,
  Relation,
  RelationChange,
  Route,
  RouteView,
} from '../../../src/protocol/index.ts'
import {
  changeRelation,
  defaultRoutes,
  insertRoute,
  NO_RELATION,
  parseRouteTarget,
  resolvePublisher,
  resolveRoute,
  routesBeforeAllowed,
  withoutRoutesTo,
} from '../../../src/protocol/index.ts'

const x = 'pkg:npm/%40acme/x' as PackageName
const [own, acme, other] = ['own', 'acme', 'other'] as unknown as [PublisherId, PublisherId, PublisherId]
const to = (match: string, publisher: PublisherId): Route => ({
  match: match as Pattern,
  target: { to: 'publisher', publisher },
})
const allowed: Route = { match: '*' as Pattern, target: { to: 'allowed' } }
const npmjs: Route = { match: 'npm:*' as Pattern, target: { to: 'upstream', name: 'npmjs' } }
const any: Relation = { ...NO_RELATION, follow: true, allow: 'any' }

function view(relations: [PublisherId, Relation][], given: Partial<RouteView> = {}): RouteView {
  const known = new Map(relations)
  return {
    routes: [allowed],
    own,
    isOwn: () => false,
    relationOf: id => known.get(id) ?? NO_RELATION,
    publishersOf: () => [acme, other],
    pinOf: () => null,
    nameOf: id => id,
    ...given,
  }
}

describe('a name', () => {
  test('comes from this node when it released it itself, whatever the table says', () => {
    const answer = resolveRoute(x, view([], { isOwn: () => true, routes: [npmjs] }))
    expect(answer).toMatchObject({ to: 'publisher', publisher: own })
  })
  test('comes from the one allowed publisher that has it, pinned at first install', () => {
    expect(resolveRoute(x, view([[acme, any]]))).toMatchObject({ to: 'publisher', publisher: acme, pin: true })
  })
  test('with no allowed publisher is refused with the publishers seen and the command', () => {
    const answer = resolveRoute(x, view([], { publishersOf: () => [acme] }))
    expect(answer).toMatchObject({ refused: 'E_NO_ROUTE', seen: [acme], hint: "hanse allow acme 'npm:@acme/x'" })
  })
  test('with several seen is refused without choosing one for the operator', () => {
    const answer = resolveRoute(x, view([]))
    const hint = "hanse allow acme 'npm:@acme/x'\nhanse allow other 'npm:@acme/x'"
    expect(answer).toMatchObject({ refused: 'E_NO_ROUTE', seen: [acme, other], hint })
  })
  test('with two allowed publishers is ambiguous, never a race', () => {
    expect(
      resolveRoute(
        x,
        view([
          [acme, any],
          [other, any],
        ]),
      ),
    ).toMatchObject({ refused: 'E_AMBIGUOUS' })
  })
  test('keeps its pin when a second allowed publisher releases it', () => {
    const two: [PublisherId, Relation][] = [
      [acme, any],
      [other, any],
    ]
    expect(resolveRoute(x, view(two, { pinOf: () => other }))).toMatchObject({ publisher: other, pin: false })
  })
  test('pinned to a publisher that is gone does not move to another by itself', () => {
    expect(resolveRoute(x, view([[acme, any]], { pinOf: () => other }))).toMatchObject({ refused: 'E_NO_ROUTE' })
  })
  test('takes the first route that matches and does not fall through', () => {
    const routes = [to('npm:@acme/*', acme), npmjs, allowed]
    expect(resolveRoute(x, view([[other, any]], { routes }))).toMatchObject({ refused: 'E_NO_ROUTE' })
    expect(resolveRoute('pkg:npm/y' as PackageName, view([[other, any]], { routes }))).toMatchObject({ to: 'upstream' })
  })
  test('routed to a publisher allowed for it comes from there', () => {
    const some: Relation = { ...any, allow: ['npm:@acme/*' as Pattern] }
    expect(resolveRoute(x, view([[acme, some]], { routes: [to('npm:@acme/*', acme)] }))).toMatchObject({
      publisher: acme,
      pin: false,
    })
  })
  test('that a pattern allows does not make its publisher a member of the allowed set', () => {
    const some: Relation = { ...any, allow: ['npm:@acme/*' as Pattern] }
    expect(resolveRoute(x, view([[acme, some]]))).toMatchObject({ refused: 'E_NO_ROUTE' })
  })
  test('routed nowhere, or matched by no route, is refused', () => {
    const nowhere: Route = { match: '*' as Pattern, target: { to: 'nowhere' } }
    expect(resolveRoute(x, view([[acme, any]], { routes: [nowhere] }))).toMatchObject({ refused: 'nowhere' })
    expect(resolveRoute(x, view([[acme, any]], { routes: [] }))).toMatchObject({ refused: 'E_NO_ROUTE' })
  })
  test('with a publisher named skips the table, not the permission', () => {
    expect(resolvePublisher(x, acme, view([[acme, any]], { routes: [npmjs] }))).toMatchObject({ publisher: acme })
    expect(resolvePublisher(x, acme, view([]))).toMatchObject({
      refused: 'E_NO_ROUTE',
      hint: "hanse allow acme 'npm:@acme/x'",
    })
    expect(resolvePublisher(x, acme, view([[acme, { ...NO_RELATION, block: true }]]))).toMatchObject({
      why: 'acme is blocked here',
    })
  })
})

describe('each line of the hint of a refusal', () => {
  const some = (pattern: string): Relation => ({ ...any, allow: [pattern as Pattern] })
  const nowhere: Route = { match: '*' as Pattern, target: { to: 'nowhere' } }
  const exact = (target: Route['target']): Route => ({ match: 'npm:@acme/x' as Pattern, target })
  const two: [PublisherId, Relation][] = [
    [acme, any],
    [other, any],
  ]
  const cases: [string, RouteView][] = [
    ['no route matches', view([], { routes: [] })],
    ['routed nowhere', view([], { routes: [nowhere] })],
    ['this name alone routed nowhere', view(two, { routes: [exact({ to: 'nowhere' }), allowed], pinOf: () => other })],
    ['nobody is allowed', view([])],
    ['one is allowed for this name, without a route', view([[acme, some('npm:@acme/*')]])],
    ['two are allowed', view(two)],
    ['two are allowed and a route for this name says so', view(two, { routes: [exact({ to: 'allowed' }), allowed] })],
    ['routed to a publisher that is not allowed', view([], { routes: [to('npm:@acme/*', acme), allowed] })],
    ['routed to a blocked publisher', view([[acme, { ...NO_RELATION, block: true }]], { routes: [to('npm:*', acme)] })],
    ['the pin is not allowed any more', view([[acme, any]], { pinOf: () => other })],
    ['the pin has no live release', view(two, { pinOf: () => other, publishersOf: () => [acme] })],
    [
      'the pin is blocked',
      view([[other, { ...NO_RELATION, block: true }]], { pinOf: () => other, publishersOf: () => [other] }),
    ],
  ]
  test.each(cases)('is a command after which the name is not refused as before: %s', (_, before) => {
    const refused = resolveRoute(x, before)
    if (refused.to !== 'refused') throw new TypeError('not refused')
    const lines = refused.hint?.split('\n') ?? []
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      const after = resolveRoute(x, obey(before, line))
      expect([line, after]).not.toEqual([line, refused])
      if (/^hanse (allow|route add) /.test(line)) expect([line, after.to]).toEqual([line, 'publisher'])
    }
  })
  test('names at most eight publishers, however many release it', () => {
    const many = Array.from({ length: 100 }, (_, i) => `p${i}` as PublisherId)
    const { hint } = resolveRoute(x, view([], { publishersOf: () => many })) as { hint: string }
    expect(hint.split('\n')).toHaveLength(8)
  })
  test('quotes a name for a shell', () => {
    const odd = "pkg:npm/it's" as PackageName
    expect(resolvePublisher(odd, acme, view([]))).toMatchObject({ hint: "hanse allow acme 'npm:it'\\''s'" })
  })

  /** What a node decides after the command. */
  function obey(before: RouteView, line: string): RouteView {
    const [program, verb, ...words] = line.split(' ').map(word => word.replaceAll("'", ''))
    expect(program).toBe('hanse')
    const relate = (id: string, change: RelationChange): RouteView => {
      const answer = changeRelation(before.relationOf(id as PublisherId), change, id)
      if (!answer.ok) throw new Error(answer.why)
      return { ...before, relationOf: each => (each === id ? answer.relation : before.relationOf(each)) }
    }
    const route = (match: string, id: string, given = before): RouteView => {
      const answer = insertRoute(given.routes, to(match, id as PublisherId))
      if (!answer.ok) throw new Error(answer.why)
      return { ...given, routes: answer.routes }
    }
    if (verb === 'follow') return relate(words[0] ?? '', { do: 'follow' })
    if (verb === 'allow') {
      const [id = '', match = ''] = words
      return route(match, id, relate(id, { do: 'allow', patterns: [match as Pattern] }))
    }
    const [action, match = '', id = ''] = words
    if (action === 'add') return route(match, id)
    expect(action).toBe('remove')
    return { ...before, routes: before.routes.filter(each => each.match !== match) }
  }
})

describe('a table', () => {
  const table = [to('pypi:*', other), npmjs, allowed]
  test('takes a new route before the first that overlaps and says which lose names', () => {
    const route = to('npm:@acme/*', acme)
    expect(insertRoute(table, route)).toEqual({
      ok: true,
      routes: [table[0], route, npmjs, allowed],
      shadows: [npmjs, allowed],
    })
  })
  test('takes a route that overlaps none at its end', () => {
    const route = to('cargo:*', acme)
    expect(insertRoute([npmjs], route)).toEqual({ ok: true, routes: [npmjs, route], shadows: [] })
  })
  test('refuses one pattern with two targets and ignores one route twice', () => {
    expect(insertRoute(table, to('npm:*', acme))).toMatchObject({ ok: false, code: 'E_ROUTE_TAKEN', taken: npmjs })
    expect(insertRoute(table, npmjs)).toEqual({ ok: true, routes: table, shadows: [] })
  })
  test('loses the routes of a publisher that is not allowed any more', () => {
    const routes = [to('npm:@acme/*', acme), to('pypi:acme-*', acme), allowed]
    expect(withoutRoutesTo(routes, acme)).toEqual([allowed])
    expect(withoutRoutesTo(routes, acme, ['npm:@acme/*' as Pattern])).toEqual(routes.slice(1))
  })
  test('names the routes that keep names from the allowed set', () => {
    expect(routesBeforeAllowed(table, acme)).toEqual(table.slice(0, 2))
  })
  test('of a company starts with npmjs, of others with the allowed set alone', () => {
    expect(defaultRoutes('company')).toEqual([npmjs, allowed])
    expect(defaultRoutes('mirror')).toEqual([allowed])
  })
  test('reads its targets', () => {
    expect(parseRouteTarget('upstream/npmjs')).toEqual({ to: 'upstream', name: 'npmjs' })
    expect(parseRouteTarget('allowed')).toEqual({ to: 'allowed' })
    expect(parseRouteTarget('acme')).toEqual({ to: 'publisher', name: 'acme' })
    expect(parseRouteTarget('up stream')).toBeNull()
  })
})
