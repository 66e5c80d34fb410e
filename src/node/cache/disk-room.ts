import { statfs } from 'node:fs/promises'
import { MAKE_ROOM, StorageError } from '../storage/index.ts'
import { byteText } from './byte-size.ts'
import type { MinFree } from './cache-settings.ts'

/** How long one look at the disk is believed; ms: cheap enough for every request, short enough for one download. */
const LOOK_MS = 2_000

/** What is free on the disk that holds the home; bytes. */
export interface DiskSpace {
  readonly free: number
  readonly total: number
}

export interface DiskRoomOptions {
  readonly folder: string
  readonly minFree: MinFree
  readonly spaceOf?: (folder: string) => Promise<DiskSpace>
  /** Monotonic ms. */
  readonly now?: () => number
}

/** Says whether the disk has room for new bytes: below `cache.minFree` the node only reads, until there is room again. */
export class DiskRoom {
  readonly #folder: string
  readonly #minFree: MinFree
  readonly #spaceOf: (folder: string) => Promise<DiskSpace>
  readonly #now: () => number
  #space: DiskSpace | null = null
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<DiskSpace> | null = null

  constructor({ folder, minFree, spaceOf = diskSpaceOf, now = performance.now.bind(performance) }: DiskRoomOptions) {
    this.#folder = folder
    this.#minFree = minFree
    this.#spaceOf = spaceOf
    this.#now = now
  }

  /** The space as it is, or was at most two seconds ago. */
  async look(): Promise<DiskSpace> {
    if (this.#space !== null && this.#now() - this.#lookedAt < LOOK_MS) return this.#space
    this.#looking ??= this.#spaceOf(this.#folder)
      .then(space => {
        this.#space = space
        this.#lookedAt = this.#now()
        return space
      })
      .finally(() => {
        this.#looking = null
      })
    return await this.#looking
  }

  /** Bytes that have to stay free on a disk. */
  floorOf({ total }: DiskSpace): number {
    return 'bytes' in this.#minFree ? this.#minFree.bytes : Math.floor((total * this.#minFree.percent) / 100)
  }

  /** Why nothing new is kept, as of the last look, or null. */
  problem(): string | null {
    const space = this.#space
    if (space === null || space.free >= this.floorOf(space)) return null
    const floor = byteText(this.floorOf(space))
    return `E_DISK_FULL: ${byteText(space.free)} of the disk are free, less than cache.minFree (${floor}): nothing new is kept`
  }

  /** @throws StorageError E_DISK_FULL while the disk has less room than it should keep. */
  async requireRoom(): Promise<void> {
    await this.look()
    const problem = this.problem()
    if (problem === null) return
    throw new StorageError('E_DISK_FULL', problem.replace('E_DISK_FULL: ', ''), {
      hint: `${MAKE_ROOM}; hanse cache prune --to SIZE frees what upstreams still have`,
    })
  }
}

/** As `df` counts: what is kept for root is neither free nor part of the whole. */
async function diskSpaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, bfree, blocks, bsize } = await statfs(folder)
  return { free: bavail * bsize, total: (blocks - bfree + bavail) * bsize }
}
