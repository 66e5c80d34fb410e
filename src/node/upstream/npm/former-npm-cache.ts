import { join } from 'node:path'
import type { NpmTarball } from '../../registries/npm/npm-source.ts'
import type { ArtifactStore, LevelDatabase } from '../../storage/index.ts'
import { KeptPackument } from './kept-packument.ts'
import { PackumentFiles } from './packument-files.ts'
import { LevelTarballIndex } from './tarball-index.ts'

/** What is kept of a registry that is asked no more: documents and tarballs as it last gave them, read only. */
export class FormerNpmCache {
  readonly #documents: PackumentFiles
  readonly #tarballs: LevelTarballIndex
  readonly #artifacts: Pick<ArtifactStore, 'open'>

  /** `folder` and `key` are those of its cache. */
  constructor(folder: string, key: string, database: LevelDatabase, artifacts: Pick<ArtifactStore, 'open'>) {
    this.#documents = new PackumentFiles(join(folder, 'packuments'))
    this.#tarballs = new LevelTarballIndex(database, key)
    this.#artifacts = artifacts
  }

  /** null: nothing is kept of this name, or it was gone. */
  async packument(name: string): Promise<KeptPackument | null> {
    const stored = await this.#documents.read(name)
    if (stored === null || stored.gzipped === null || stored.isGone) return null
    return new KeptPackument(stored.facts, stored.gzipped)
  }

  /** null: these bytes are not kept, or the document means others. */
  async tarball(name: string, version: string): Promise<NpmTarball | null> {
    const kept = await this.#tarballs.get(name, version)
    const packument = kept === null ? null : await this.packument(name)
    if (kept === null || packument?.versions.get(version)?.mark !== kept.mark) return null
    return await this.#artifacts.open(kept.sha256)
  }
}
