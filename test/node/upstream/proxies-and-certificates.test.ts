import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scopedFolder } from '../storage/temporary-home.ts'
import { startFakeProxy } from './fake-proxy.ts'
import { startFakeRegistry } from './fake-registry.ts'
import { bytesOfTarball, CALM, openFixture } from './upstream-fixture.ts'

/** A tool of most machines; without it one test is skipped. */
const OPENSSL = 'openssl'

test.each([
  ['the setting', 'set'],
  ['the environment', 'environment'],
  ['NO_PROXY', 'none'],
] as const)('%s says whether a proxy is used', async (_, how) => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using proxy = await startFakeProxy()
  const other = 'http://127.0.0.1:1'
  const noProxy = how === 'environment' ? 'elsewhere.test' : '127.0.0.1'
  const environment = { httpProxy: how === 'set' ? other : proxy.url, httpsProxy: other, noProxy }
  const settings = how === 'set' ? { proxy: proxy.url } : {}
  await using fixture = await openFixture(registry.url, settings, { environment })
  expect(await fixture.upstream.packument('x', CALM)).not.toBeNull()
  expect(proxy.targets).toEqual(how === 'none' ? [] : [new URL(registry.url).host])
})

test.skipIf(!hasOpenssl())(
  'a company’s own certificate is trusted with caFile alone, also through a tunnel that sees no token',
  async () => {
    await using folder = await scopedFolder()
    const caFile = join(folder.path, 'cert.pem')
    const tokenFile = join(folder.path, 'token')
    writeFileSync(tokenFile, 's3cret')
    const tls = makeCertificate(join(folder.path, 'key.pem'), caFile)
    await using registry = await startFakeRegistry(tls)
    const tarball = await registry.publish('x', '1.0.0', { dist: { tarball: 'http://127.0.0.1/x/-/x-1.0.0.tgz' } })
    await using distrustful = await openFixture(registry.url)
    await expect(distrustful.upstream.packument('x', CALM)).rejects.toMatchObject({
      code: 'E_UPSTREAM_DOWN',
      hint: expect.stringContaining('caFile'),
    })
    await using proxy = await startFakeProxy()
    const credentials = { kind: 'bearer', tokenFile }
    for (const settings of [{}, { proxy: proxy.url }]) {
      await using fixture = await openFixture(registry.url, { caFile, credentials, ...settings })
      expect(await bytesOfTarball(await fixture.upstream.tarball('x', '1.0.0', CALM))).toEqual(tarball)
    }
    expect(new Set(proxy.targets)).toEqual(new Set([`CONNECT ${new URL(registry.url).host}`]))
    expect(new Set(proxy.read)).toEqual(new Set([undefined]))
    expect(new Set(registry.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer s3cret']))
  },
)

test('files of secrets that cannot be used are named', async () => {
  await using folder = await scopedFolder()
  const path = join(folder.path, 'secret')
  const open = (settings: object) => openFixture('http://127.0.0.1:1/', settings as Record<string, unknown>)
  const refused = { code: 'E_CONFIG', message: expect.stringContaining(path) }
  await expect(open({ caFile: path })).rejects.toMatchObject(refused)
  for (const text of ['', 'two words', 'line\nline', 'bell\u0007']) {
    writeFileSync(path, text)
    await expect(open({ credentials: { kind: 'bearer', tokenFile: path } })).rejects.toMatchObject(refused)
    await expect(open({ caFile: path })).rejects.toMatchObject(refused)
  }
})

function hasOpenssl(): boolean {
  try {
    execFileSync(OPENSSL, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function makeCertificate(keyFile: string, certFile: string): { readonly key: string; readonly cert: string } {
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync(OPENSSL, [...request, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}
