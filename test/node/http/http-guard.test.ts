import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { httpGuardOf } from '../../../src/node/http/http-guard.ts'

const LOCAL = { host: '127.0.0.1', publicUrl: null, token: 'secret' }
const requestOf = (headers: object = {}, remoteAddress = '127.0.0.1') =>
  ({ headers: { host: '127.0.0.1:7700', ...headers }, socket: { remoteAddress } }) as unknown as FastifyRequest

test.each([
  requestOf(),
  requestOf({ host: 'localhost' }),
  requestOf({ host: '[::1]:7700' }, '::1'),
  requestOf({}, '::ffff:127.0.0.1'),
])('this machine may read without a token', request => {
  expect(httpGuardOf(LOCAL).mayRead(request)).toBe(true)
  expect(httpGuardOf({ ...LOCAL, publicUrl: 'http://localhost:7700' }).mayRead(request)).toBe(true)
  expect(httpGuardOf(LOCAL).mayWrite(request)).toBe(false)
})

test.each([
  ['a name that is not of this machine', requestOf({ host: 'packages.example' }), LOCAL],
  ['no name', requestOf({ host: undefined }), LOCAL],
  ['another machine', requestOf({}, '192.0.2.7'), LOCAL],
  ['a connection that is gone', requestOf({}, ''), LOCAL],
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'].map(
    name => [name, requestOf({ [name]: '' }), LOCAL] as const,
  ),
  ['a public address, whose proxy need not name itself', requestOf(), { ...LOCAL, publicUrl: 'https://a.example/' }],
  ['a server for all', requestOf(), { ...LOCAL, host: '0.0.0.0' }],
] as const)('%s: nothing is read without the token', (_why, request, server) => {
  const guard = httpGuardOf(server)
  expect(guard.mayRead(request)).toBe(false)
  const { headers, socket } = request
  const authorization = 'Bearer secret'
  expect(guard.mayRead({ headers: { ...headers, authorization }, socket } as unknown as FastifyRequest)).toBe(true)
})
