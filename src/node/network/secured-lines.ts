import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import type { PeerId } from '../../protocol/index.ts'

type Secured = Awaited<ReturnType<ConnectionEncrypter['secureInbound']>>

/** Who is at the other end of each encrypted connection: libp2p tells that to nobody below its streams. */
export class SecuredLines {
  readonly #peers = new WeakMap<MessageStream, PeerId>()

  /** The same encrypter, whose connections are noted. */
  noting<C>(make: (components: C) => ConnectionEncrypter): (components: C) => ConnectionEncrypter {
    const noted = (secured: Secured): Secured => {
      if (secured.remotePeer !== undefined) this.#peers.set(secured.connection, secured.remotePeer.toString() as PeerId)
      return secured
    }
    return components => {
      const encrypter = make(components)
      const secureInbound = encrypter.secureInbound.bind(encrypter)
      const secureOutbound = encrypter.secureOutbound.bind(encrypter)
      encrypter.secureInbound = async (...args) => noted(await secureInbound(...args))
      encrypter.secureOutbound = async (...args) => noted(await secureOutbound(...args))
      return encrypter
    }
  }

  peerOf(line: MessageStream): PeerId | undefined {
    return this.#peers.get(line)
  }
}
