import { describe, expect, it } from 'vitest'
import type { NpmSource } from '../../../../src/node/registries/npm/npm-source.ts'
import { PublisherSource } from '../../../../src/node/registries/npm/publisher-source.ts'
import { RegistryRouter, type RouterParts } from '../../../../src/node/registries/npm/registry-router.ts'
import type { PublisherId, RouteAnswer } from '../../../../src/protocol/index.ts'

const unasked: NpmSource = {
  packument: () => Promise.reject(new TypeError('asked')),
  tarball: () => Promise.reject(new TypeError('asked')),
}
const upstream = { to: 'upstream', name: 'nexus', route: { match: 'npm:*' } } as unknown as RouteAnswer
const refused = (given: object) =>
  ({ to: 'refused', refused: 'E_NO_ROUTE', why: 'so it is', hint: null, seen: [], ...given }) as unknown as RouteAnswer

function routerTo(answer: RouteAnswer, upstreams: ReadonlyMap<string, NpmSource> = new Map([['nexus', unasked]])) {
  const asked: string[] = []
  const resolve = (name: string) => {
    asked.push(name)
    return answer
  }
  const parts = { routes: { resolve }, library: { package: () => null }, writer: { publisher: 'own' } }
  return { router: new RegistryRouter(parts as unknown as RouterParts, upstreams), asked }
}

describe('a name', () => {
  it('is led to exactly the source that its route names', () => {
    const { router, asked } = routerTo(upstream)
    expect(router.sourceOf('@s/n')).toMatchObject({ source: unasked, sourceKey: 'upstream/nexus' })
    expect(asked).toEqual(['pkg:npm/%40s/n'])
    const own = routerTo({ to: 'publisher', publisher: 'own' as PublisherId, route: null, pin: false }).router
    expect(own.sourceOf('x').source).toBeInstanceOf(PublisherSource)
    expect(own.sourceOf('y').source).toBe(own.sourceOf('x').source)
  })

  const refusals: [string, RouteAnswer, string, string][] = [
    ['nobody has it', refused({}), 'E_NOT_FOUND', 'hanse why npm:x'],
    [
      'a publisher nobody allowed has it',
      refused({ seen: ['p'], hint: 'hanse allow p' }),
      'E_NO_ROUTE',
      'hanse allow p',
    ],
    ['its route leads nowhere', refused({ refused: 'nowhere' }), 'E_NO_ROUTE', 'hanse why npm:x'],
    ['two allowed publishers have it', refused({ refused: 'E_AMBIGUOUS' }), 'E_AMBIGUOUS', 'hanse why npm:x'],
  ]
  it.each(refusals)('is refused, and no source asked, where %s', (_what, answer, code, hint) => {
    expect(() => routerTo(answer).router.sourceOf('x')).toThrow(expect.objectContaining({ code, hint }))
  })

  it('led to an upstream that is not set up goes to no other', () => {
    const { router } = routerTo(upstream, new Map([['npmjs', unasked]]))
    expect(() => router.sourceOf('x')).toThrow(expect.objectContaining({ code: 'E_NO_ROUTE' }))
  })
})
