import type { Identity } from '../identity/identity-file.ts'
import type { NodeContext } from '../node-context.ts'

/** The recovery key as a person keeps it: the seed of an Ed25519 key, hex. */
export function recoveryDocumentOf(identity: Identity, publisher: string): object {
  return { publisher, kind: 'hanse-recovery-key-v1', recoveryKey: Buffer.from(identity.recovery.seed).toString('hex') }
}

/** Public keys of this publisher and what each is for. */
export async function listKeys(node: NodeContext): Promise<object[]> {
  const identity = node.identity()
  const hex = (key: { publicKey: Uint8Array }) => Buffer.from(key.publicKey).toString('hex')
  return [
    { role: 'publisher', id: node.writer.publisher, state: 'active' },
    { role: 'root', id: hex(identity.root), state: 'active' },
    { role: 'recovery', id: hex(identity.recovery), state: identity.recoveryExported ? 'exported' : 'not exported' },
    { role: 'writer (public)', id: node.writer.feeds.public, state: 'active' },
    { role: 'writer (private)', id: node.writer.feeds.private, state: 'active' },
    ...[...node.writer.own.audiences].map(([name, id]) => ({ role: `writer (listed, ${name})`, id, state: 'active' })),
    { role: 'node', id: node.libp2p.peerId.toString(), state: 'active' },
  ]
}

/** Hands the recovery key out and remembers that it was. */
export async function exportRecovery(node: NodeContext, who: string): Promise<object> {
  const document = recoveryDocumentOf(node.identity(), node.writer.publisher)
  await node.changeIdentity(identity => ({ ...identity, recoveryExported: true }))
  await node.audit.append({ at: Date.now(), who, what: 'key.export', key: 'recovery' })
  return document
}
