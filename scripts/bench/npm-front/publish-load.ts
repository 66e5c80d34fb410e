import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'tar'
import type { RunningRegistry } from './contender.ts'

/** Versions published one after the other. */
const VERSIONS = 10
/** Bytes of the one file that does not compress. */
const PAYLOAD_BYTES = 20_000

/** Ms that each of some publishes takes, one after the other, of versions of one new package. */
export async function publishTimes({ url, publisher }: RunningRegistry): Promise<readonly number[]> {
  const name = `bench-${randomBytes(6).toString('hex')}`
  const times: number[] = []
  for (let patch = 0; patch < VERSIONS; patch++) {
    const body = await publishBodyOf(name, `1.0.${patch}`, url)
    const began = performance.now()
    const headers = { 'content-type': 'application/json', ...(await publisher()) }
    const answer = await fetch(`${url}${name}`, { method: 'PUT', headers, body })
    const said = await answer.text()
    if (!answer.ok) throw new Error(`publish answered ${answer.status}: ${said}`)
    times.push(performance.now() - began)
  }
  return times
}

/** What `npm publish` sends. */
async function publishBodyOf(name: string, version: string, url: string): Promise<string> {
  const tarball = await packed(name, version)
  const file = `${name}-${version}.tgz`
  const dist = {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
    tarball: `${url}${name}/-/${file}`,
  }
  return JSON.stringify({
    _id: name,
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { _id: `${name}@${version}`, name, version, readme: '', dist } },
    access: null,
    _attachments: {
      [file]: { content_type: 'application/octet-stream', data: tarball.toString('base64'), length: tarball.length },
    },
  })
}

async function packed(name: string, version: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'hanse-bench-publish-'))
  try {
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version }))
    await writeFile(join(folder, 'payload.bin'), randomBytes(PAYLOAD_BYTES))
    const file = join(folder, 'packed.tgz')
    await create({ gzip: true, portable: true, cwd: folder, prefix: 'package', file }, ['package.json', 'payload.bin'])
    return await readFile(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
