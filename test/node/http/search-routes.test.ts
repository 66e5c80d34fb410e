import { expect, test } from 'vitest'
import { API_ROUTES } from '../../../src/node/http/api-routes.ts'
import { openApiOf } from '../../../src/node/http/openapi.ts'
import type { SearchRequest } from '../../../src/node/http/search-services.ts'
import type { NodeServices } from '../../../src/node/http/services.ts'

const routeOf = (path: string) => API_ROUTES.find(route => route.path === path)!

/** What the use case gets of a query string as the server parsed it. */
async function askedBy(query: object): Promise<SearchRequest> {
  const asked: SearchRequest[] = []
  const services = { search: async (request: SearchRequest) => void asked.push(request) } as unknown as NodeServices
  const route = routeOf('/api/search')
  await route.handle(services, { query: route.query.parse(query) } as never)
  return asked[0]!
}

test('a list is given with commas or several times, a phrase keeps its commas', async () => {
  expect(
    await askedBy({ q: 'rope', type: 'npm,pypi', keyword: ['cli', 'a, b'], phrase: 'one, two', not: ['x', 'y z'] }),
  ).toEqual({
    ...{ text: 'rope', limit: 20, local: false, all: false, types: ['npm', 'pypi'], keywords: ['cli', 'a', 'b'] },
    ...{ phrases: ['one, two'], without: ['x', 'y z'], publishers: [], licenses: [], is: [] },
  })
  expect(
    await askedBy({ license: 'MIT', publisher: 'acme', is: 'own', all: '1', local: 'true', limit: '5' }),
  ).toMatchObject({
    ...{ text: '', licenses: ['MIT'], publishers: ['acme'], is: ['own'], all: true, local: true, limit: 5 },
  })
})

test('what is too much, or is no parameter, is refused', () => {
  const { query } = routeOf('/api/search')
  const many = Array.from({ length: 17 }, (_, i) => `k${i}`)
  const wrong = [
    { q: 'x'.repeat(5_001) },
    { limit: '101' },
    { keyword: many },
    { keyword: many.join(',') },
    { phrase: [''] },
  ]
  for (const each of [...wrong, { licence: 'MIT' }, { not: 'x'.repeat(513) }])
    expect(query.safeParse(each).success).toBe(false)
  expect(routeOf('/api/complete').query.safeParse({ q: 'x', limit: '0' }).success).toBe(false)
})

test('the parameters are in the OpenAPI document', () => {
  const { paths } = openApiOf(API_ROUTES, '1') as { paths: Record<string, { get: { parameters: { name: string }[] } }> }
  const namesOf = (path: string) => paths[path]?.get.parameters.map(({ name }) => name)
  expect(namesOf('/api/search')).toEqual([
    'q',
    'limit',
    'local',
    'all',
    'type',
    'publisher',
    'license',
    'keyword',
    'is',
    'phrase',
    'not',
  ])
  expect(namesOf('/api/complete')).toEqual(['q', 'limit'])
})
