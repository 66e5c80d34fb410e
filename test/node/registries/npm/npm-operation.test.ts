import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { npmOperationOf } from '../../../../src/node/registries/npm/npm-operation.ts'
import { urlPathOf } from '../../../../src/node/registries/npm/package-url-path.ts'

describe('a package in a URL', () => {
  it.each(['/@s/n', '/@s%2fn', '/@s%2Fn', '/%40s%2fn', '/%40s/n', '/@s/n/'])('%s is @s/n', path => {
    expect(npmOperationOf('GET', path)).toEqual({ is: 'packument', name: '@s/n' })
    expect(npmOperationOf('PUT', path)).toEqual({ is: 'publish', name: '@s/n' })
  })

  it.each(['/express', '/JSONStream', '/x.y-z_1', '/constructor', '/-x'])('%s is a name as it stands', path => {
    expect(npmOperationOf('GET', path)).toEqual({ is: 'packument', name: path.slice(1) })
  })

  const hostile = [
    ...['', '/', '/..', '/../x', '/%2e%2e', '/%2e%2e%2fx', '/x/../y', '/..%2f..%2fetc%2fpasswd', '/%252e%252e'],
    ...['/x%00', '/%00', '/x%0a', '/x%0d%0ay', '/x%7f', '/x\\y', '/x%5cy', '/%', '/%zz', '/%c0%ae', '/\u202ex'],
    ...['/__proto__', '/.hidden', '/_private', '/@/x', '/@s', '/@s/', '/@s/..', '/@s%2f..', '/@__proto__/x', '/a%2fb'],
    ...[
      '/@s%2fn%2fm',
      '//x',
      '/x//y',
      `/${'n'.repeat(215)}`,
      `/${'%41'.repeat(1_000)}`,
      '/node_modules',
      '/a b',
      '/a*',
    ],
  ]
  it.each(hostile)('%j is refused', path => {
    for (const method of ['GET', 'PUT', 'DELETE']) expect(npmOperationOf(method, path).is).toBe('malformed')
  })

  it('survives whatever a client sends', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(
        '/',
        '//',
        '..',
        '.',
        '@',
        '%2f',
        '%2e',
        '%00',
        '%',
        '-',
        '/-/',
        '-rev',
        '__proto__',
        '.tgz',
        'x',
      ),
    )
    const paths = fc.array(piece, { maxLength: 12 }).map(pieces => `/${pieces.join('')}`)
    fc.assert(
      fc.property(paths, fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'), (path, method) => {
        const operation = npmOperationOf(method, path)
        if ('name' in operation) expect(operation.name).toMatch(/^(@[^/._\\\0][^/\\\0]*\/)?[^/._\\\0][^/\\\0]*$/)
      }),
    )
  })

  it('comes back from the path that this node writes', () => {
    const part = fc.stringMatching(/^[a-z0-9][a-z0-9._~!'()-]{0,20}$/)
    const names = fc.oneof(
      part,
      fc.tuple(part, part).map(([scope, name]) => `@${scope}/${name}`),
    )
    fc.assert(
      fc.property(names, name => {
        expect(npmOperationOf('GET', `/${urlPathOf(name)}`)).toEqual({ is: 'packument', name })
      }),
    )
  })
})

describe('what a client asks', () => {
  const asked: [string, string, object][] = [
    ['GET', '/x/-/x-1.0.0.tgz', { is: 'tarball', name: 'x', version: '1.0.0' }],
    ['HEAD', '/@s/n/-/n-1.0.0-rc.1.tgz', { is: 'tarball', name: '@s/n', version: '1.0.0-rc.1' }],
    ['GET', '/@s%2fn/-/n-1.0.0%2Bb.tgz', { is: 'tarball', name: '@s/n', version: '1.0.0+b' }],
    ['GET', '/@s/n/-/@s/n-1.0.0.tgz', { is: 'tarball', name: '@s/n', version: '1.0.0' }],
    ['GET', '/x/-/y-1.0.0.tgz', { is: 'nothing' }],
    ['GET', '/@s/n/-/@t/n-1.0.0.tgz', { is: 'nothing' }],
    ['GET', '/x/latest', { is: 'manifest', name: 'x', wanted: 'latest' }],
    ['GET', '/x/1.0.0', { is: 'manifest', name: 'x', wanted: '1.0.0' }],
    ['GET', '/-/ping', { is: 'ping' }],
    ['GET', '/-/whoami', { is: 'whoami' }],
    ['GET', '/-/v1/search', { is: 'search' }],
    ['GET', '/-/npm/v1/keys', { is: 'keys' }],
    ['POST', '/-/npm/v1/security/advisories/bulk', { is: 'advisories' }],
    ['POST', '/-/npm/v1/security/audits/quick', { is: 'quick-audit' }],
    ['POST', '/-/v1/login', { is: 'web-login' }],
    ['PUT', '/-/user/org.couchdb.user:ann', { is: 'login', user: 'ann' }],
    ['GET', '/-/package/@s%2fn/dist-tags', { is: 'tags', name: '@s/n' }],
    ['PUT', '/-/package/x/dist-tags/beta', { is: 'set-tag', name: 'x', tag: 'beta' }],
    ['DELETE', '/-/package/@s%2fn/dist-tags/beta', { is: 'remove-tag', name: '@s/n', tag: 'beta' }],
    ['PUT', '/x/-rev/1-a', { is: 'unpublish', name: 'x' }],
    ['DELETE', '/x/-rev/1-a', { is: 'unpublish', name: 'x' }],
    ['DELETE', '/@s%2fn/-/n-1.0.0.tgz/-rev/1-a', { is: 'unpublish', name: '@s/n' }],
    ['GET', '/-/all', { is: 'nothing' }],
  ]
  it.each(asked)('%s %s', (method, path, operation) => expect(npmOperationOf(method, path)).toEqual(operation))
})

describe('a session', () => {
  it.each([
    ['GET', '/-/whoami', 'whoami'],
    ['GET', '/-/npm/v1/user', 'profile'],
    ['GET', '/-/npm/v1/tokens', 'tokens'],
    ['POST', '/-/npm/v1/tokens', 'new-token'],
    ['DELETE', '/-/npm/v1/tokens/token/abc123', 'end-token'],
    ['DELETE', '/-/user/token/hanse_x', 'logout'],
    ['POST', '/-/npm/v1/user', 'nothing'],
    ['GET', '/-/user/token/hanse_x', 'nothing'],
  ])('%s %s is %s', (method, path, is) => {
    expect(npmOperationOf(method, path)).toMatchObject({ is })
  })
})
