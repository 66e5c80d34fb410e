import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Stands in recorded documents for the address under which they are served. */
export const RECORDED_BASE = 'http://recorded.invalid/'

/** What a registry said of a name or a file: bytes, or that there is nothing. */
export type Recorded = Buffer | 'absent'

/** Answers of the machine's own registry, recorded when first asked for and the same from then on. */
export class Recording {
  readonly #folder: string
  readonly #registry: string

  /** `registry` ends with a slash. */
  constructor(folder: string, registry: string) {
    this.#folder = folder
    this.#registry = registry
  }

  /** The full document of a name, its tarballs under `RECORDED_BASE`. */
  packument(name: string): Promise<Recorded> {
    const path = name.replace('/', '%2f')
    return this.#recorded(join('packuments', path), path, text => rebased(name, text))
  }

  tarball(name: string, file: string): Promise<Recorded> {
    const path = `${name}/-/${file}`
    return this.#recorded(join('tarballs', path), path, bytes => bytes)
  }

  async #recorded(file: string, path: string, change: (bytes: Buffer) => Buffer): Promise<Recorded> {
    const place = join(this.#folder, file)
    const held = await readFile(place).catch(() => null)
    if (held !== null) return held.length === 0 ? 'absent' : held
    const answer = await fetch(new URL(path, this.#registry), { headers: { accept: 'application/json' } })
    if (!answer.ok && answer.status !== 404)
      throw new Error(`the machine's registry answered ${answer.status} for ${path}`)
    const bytes = answer.ok ? change(Buffer.from(await answer.arrayBuffer())) : Buffer.alloc(0)
    await mkdir(dirname(place), { recursive: true })
    await writeFile(`${place}.partial`, bytes)
    await rename(`${place}.partial`, place)
    return bytes.length === 0 ? 'absent' : bytes
  }
}

function rebased(name: string, text: Buffer): Buffer {
  const document = JSON.parse(text.toString()) as { versions?: Record<string, { dist: { tarball: string } }> }
  for (const { dist } of Object.values(document.versions ?? {})) {
    dist.tarball = `${RECORDED_BASE}${name}/-/${dist.tarball.slice(dist.tarball.lastIndexOf('/') + 1)}`
  }
  return Buffer.from(JSON.stringify(document))
}
