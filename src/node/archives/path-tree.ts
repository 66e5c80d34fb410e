import type { ArchiveLimits } from './limits.ts'
import { quoted, refuse } from './refusal.ts'

interface TreeNode {
  readonly name: string
  readonly directory: boolean
  /** Whether an entry names it, not only the path of another. */
  named: boolean
  readonly children: Map<string, TreeNode>
}

const nodeOf = (name: string, directory: boolean): TreeNode => ({ name, directory, named: false, children: new Map() })

/** Every path of one archive, by folded name, so that no two entries meet on any file system. */
export class PathTree {
  readonly #top = nodeOf('', true)
  readonly #limits: ArchiveLimits
  #count = 0
  #bytes = 0

  constructor(limits: ArchiveLimits) {
    this.#limits = limits
  }

  /** Names at the top of the archive. */
  get roots(): readonly string[] {
    return [...this.#top.children.values()].map(node => node.name)
  }

  /** Enters one path; refuses E_ARCHIVE_DUPLICATE, E_ARCHIVE_CASE_CLASH and E_ARCHIVE_ENTRIES. */
  add(parts: readonly string[], directory: boolean): void {
    const path = parts.join('/')
    this.#bytes += path.length
    if (this.#bytes > this.#limits.allPathBytes) refuse('E_ARCHIVE_ENTRIES', 'the paths are too many bytes together')
    let node = this.#top
    for (const [index, name] of parts.entries()) {
      node = this.#step(node, name, directory || index < parts.length - 1, path)
    }
    if (node.named) refuse('E_ARCHIVE_DUPLICATE', `${quoted(path)} is there twice`)
    node.named = true
  }

  #step(parent: TreeNode, name: string, directory: boolean, path: string): TreeNode {
    const key = folded(name)
    const known = parent.children.get(key)
    if (known === undefined) {
      this.#count += 1
      if (this.#count > this.#limits.entries) refuse('E_ARCHIVE_ENTRIES', `more than ${this.#limits.entries} entries`)
      const node = nodeOf(name, directory)
      parent.children.set(key, node)
      return node
    }
    if (known.name !== name) refuse('E_ARCHIVE_CASE_CLASH', `${quoted(path)} differs from another path in case only`)
    if (known.directory !== directory) refuse('E_ARCHIVE_DUPLICATE', `${quoted(path)} is both file and directory`)
    return known
  }
}

/** Upper case first, because more pairs meet there (ß and SS, final sigma). */
const folded = (name: string) => name.toUpperCase().toLowerCase().normalize('NFC')
