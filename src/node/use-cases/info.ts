import { type PackageState, type PublisherId, relationText, shortNameOf } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { parseSpec } from './find-package.ts'
import { holdersOf } from './holders.ts'
import { seekPublishers } from './search.ts'

/** A package as every publisher known here has it, and who holds its bytes. @throws NodeError E_NOT_FOUND */
export async function info(node: NodeContext, purl: string): Promise<object> {
  const { package: name } = parseSpec(purl)
  const known = node.library.catalogue.publishersOf(name)
  const seen = known.length > 0 ? [] : await seekPublishers(node, name)
  if (known.length === 0 && seen.length === 0) {
    throw new NodeError('E_NOT_FOUND', `nobody known here publishes ${shortNameOf(name)}`, {
      hint: 'hanse search WORDS',
    })
  }
  const publishers = [...known, ...seen].map(id => publisherOf(node, id, node.library.package(id, name)))
  const holders = await Promise.all(known.map(id => holdersOf(node, id, node.library.package(id, name))))
  return { purl: name, publishers, holders: [...new Set(holders.flat())] }
}

function publisherOf(node: NodeContext, id: PublisherId, state: PackageState | null): object {
  const own = id === node.writer.publisher
  return {
    id,
    name: node.relations.localNameOf(id),
    relation: own ? 'self' : relationText(node.relations.relationOf(id)),
    versions: [...(state?.releases.values() ?? [])].map(release => ({
      version: release.version,
      state: release.state,
      visibility: release.visibility,
      deprecated: release.deprecated,
      artifacts: release.artifacts.map(({ artifact }) => ({
        name: artifact.name,
        cid: artifact.cid,
        size: artifact.size,
        sha256: artifact.sha256,
      })),
    })),
  }
}
