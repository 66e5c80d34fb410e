import { describe, expect, test } from 'vitest'
import type { PackageName, Pattern, PublisherId, Relation, Route, RouteView } from '../../../src/protocol/index.ts'
import {
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
    const hint = "hanse allow PUBLISHER 'npm:@acme/x' with one of acme, other"
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
