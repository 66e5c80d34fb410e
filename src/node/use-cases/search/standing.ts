import { isAllowed, type PackageName, type PublisherId } from '../../../protocol/index.ts'
import type { IsWord } from '../../index/index.ts'
import type { NodeContext } from '../../node-context.ts'

type Node = Pick<NodeContext, 'relations' | 'writer'>

/** The publishers that stand to this node in all of these ways; null: nothing was asked. */
export function publishersThatAre(node: Node, is: readonly IsWord[]): readonly PublisherId[] | null {
  if (is.length === 0) return null
  const known = new Set([node.writer.publisher, ...node.relations.known()])
  return [...known].filter(publisher => is.every(word => isSo(node, publisher, word)))
}

/** Whether a package is of a kind that was asked for: a permission may be for some names of a publisher alone. */
export function isPackageAllowed({ relations, writer }: Node, publisher: PublisherId, name: PackageName): boolean {
  return publisher === writer.publisher || isAllowed(relations.relationOf(publisher), name)
}

function isSo({ relations, writer }: Node, publisher: PublisherId, word: IsWord): boolean {
  const { allow, mirror, follow, block } = relations.relationOf(publisher)
  const isOwn = publisher === writer.publisher
  switch (word) {
    case 'own':
      return isOwn
    case 'allowed':
      return isOwn || (!block && allow !== 'none')
    case 'mirrored':
      return !block && mirror
    case 'followed':
      return !block && follow
  }
}
