/** A thread that verifies signatures, batch by batch, in the order in which they come. */
import { parentPort } from 'node:worker_threads'
import { ed25519SelfTest, verifyEd25519 } from '../../protocol/index.ts'
import { unpackChecks } from './check-batch.ts'
import { libsodiumVerifier } from './libsodium.ts'
import type { Verdict } from './signature-workers.ts'

const verify = libsodiumVerifier() ?? verifyEd25519
ed25519SelfTest(verify)

parentPort!.on('message', ({ batch, bytes }: { readonly batch: number; readonly bytes: Uint8Array }) => {
  const verdict: Verdict = { batch, areValid: areAllValid(bytes) }
  parentPort!.postMessage(verdict)
})

function areAllValid(bytes: Uint8Array): boolean {
  for (const { publicKey, message, signature } of unpackChecks(bytes))
    if (!verify(publicKey, message, signature)) return false
  return true
}
