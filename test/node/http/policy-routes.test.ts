import { expect, test } from 'vitest'
import { POLICY_ROUTES } from '../../../src/node/http/policy-routes.ts'

test('a waiver of a rule that there is not is told which there are', () => {
  const route = POLICY_ROUTES.find(({ method, path }) => method === 'POST' && path === '/api/policy/waivers')
  const parsed = (route as { body?: { safeParse(value: unknown): { error?: { issues: { message: string }[] } } } })
    .body!
  const issues = parsed.safeParse({ match: 'npm:x', rules: ['minimumage'], why: 'y' }).error?.issues
  expect(issues?.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^must be all, or some of .*minimumAge/),
  ])
  expect(parsed.safeParse({ match: 'npm:x', rules: ['minimumAge'], why: 'y' }).error).toBeUndefined()
})
