import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { packChecks, unpackChecks } from '../../../src/node/verification/check-batch.ts'
import { libsodiumVerifier } from '../../../src/node/verification/libsodium.ts'
import { SignatureWorkers } from '../../../src/node/verification/signature-workers.ts'
import type { SignatureCheck } from '../../../src/protocol/index.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const rawKey = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).subarray(-32)

function checkOf(text: string): SignatureCheck {
  const message = Buffer.from(text)
  return { alg: 1, publicKey: rawKey(publicKey), message, signature: sign(null, message, privateKey) }
}

describe('signatures verified by threads', () => {
  const workers = new SignatureWorkers(2)
  afterEach(() => expect(workers.waiting).toBe(0))

  it('resolves for valid ones, batch by batch', async () => {
    const batches = [1, 2, 3, 4, 5].map(size => Array.from({ length: size }, (_, i) => checkOf(`${size}/${i}`)))
    await expect(Promise.all([[], ...batches].map(each => workers.verify(each)))).resolves.toHaveLength(6)
  })

  it('refuses a batch with one that was made for another message, and no batch beside it', async () => {
    const forged = { ...checkOf('said'), message: Buffer.from('not said') }
    const [bad, good] = await Promise.allSettled([
      workers.verify([checkOf('a'), forged, checkOf('b')]),
      workers.verify([checkOf('c')]),
    ])
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'E_SIGNATURE' } })
    expect(good.status).toBe('fulfilled')
  })

  it.each([
    ['a short signature', { signature: new Uint8Array(63) }, 'E_SIGNATURE'],
    ['a long key', { publicKey: new Uint8Array(33) }, 'E_SIGNATURE'],
    ['another algorithm', { alg: 2 }, 'E_ALGORITHM'],
  ])('refuses %s', async (_, wrong, code) => {
    await expect(workers.verify([{ ...checkOf('x'), ...wrong }])).rejects.toMatchObject({ code })
  })

  it('fails what waits when it is closed, as nothing that a peer did', async () => {
    const closing = new SignatureWorkers(1)
    const failed = { name: 'FederationError', code: 'E_VERIFYING_FAILED' }
    const waiting = expect(closing.verify([checkOf('x')])).rejects.toMatchObject(failed)
    await closing[Symbol.asyncDispose]()
    await waiting
    await expect(closing.verify([checkOf('y')])).rejects.toMatchObject(failed)
  })
})

describe('libsodium', () => {
  const verify = libsodiumVerifier()
  const path = new URL('../../vectors/ed25519-strict.json', import.meta.url)
  const cases = JSON.parse(readFileSync(path, 'utf8')) as { pk: string; msg: string; sig: string; strict: boolean }[]

  it.skipIf(verify === null)('agrees with all 1,273 verdicts', () => {
    const [strict, judged] = [
      cases.map(each => each.strict),
      cases.map(({ pk, msg, sig }) => verify!(bytesOf(pk), bytesOf(msg), bytesOf(sig))),
    ]
    expect(judged).toEqual(strict)
    expect(judged.length).toBe(1273)
  })
})

const bytesOf = (hex: string) => Buffer.from(hex, 'hex')

describe('a batch of checks', () => {
  it('is read back as it was packed, with empty messages among them', () => {
    const checks = ['one', '', 'three'].map(checkOf)
    const plain = ({ publicKey, message, signature }: SignatureCheck) =>
      [publicKey, message, signature].map(bytes => Buffer.from(bytes).toString('hex'))
    expect([...unpackChecks(packChecks(checks))].map(plain)).toEqual(checks.map(plain))
  })
})
