import { NodeError } from '../errors.ts'
import type { Identity } from '../identity/identity-file.ts'
import type { Library } from '../library/library.ts'
import { publisherOf } from '../library/own-root.ts'
import { OTHER_NETWORK_HINT } from '../storage/index.ts'

/**
 * A home belongs to the network of its first start, as the id of its publisher does: on another one none of its records counts, and
 * nothing is written that would stay behind when the setting is put right. @throws NodeError E_CONFIG
 */
export async function requireNetwork(library: Library, net: string, identity: Identity): Promise<void> {
  const [made] = library.ofOtherNetworks.values()
  if (made === undefined || (await library.records.publishers()).includes(publisherOf(net, identity))) return
  throw new NodeError('E_CONFIG', `network.id: the records of this home are ${made}`, { hint: OTHER_NETWORK_HINT })
}
