import type { Artifact, PackageName, PackageState, ReleaseState } from '../../protocol/index.ts'
import { sha256OfRawBlock } from './raw-block.ts'

/** Back-off of an artifact that nobody had, doubled with each try; ms. */
const FIRST_RETRY_MS = 60_000
const MAX_RETRY_MS = 60 * 60_000
/** Artifacts of one publisher whose back-off is remembered; of what does not fit the whole publisher is looked at again. */
const MAX_FAILURES = 4_096
/** Artifacts tried again at once when a peer came or the publisher's bytes begin to come. */
const HASTENED = 32

/** An artifact and the package it was found in. */
export interface MirroredArtifact {
  readonly name: PackageName
  readonly artifact: Artifact
}

interface Failure {
  readonly wanted: MirroredArtifact
  readonly tries: number
  /** When it is tried again; monotonic ms. */
  readonly dueAt: number
}

/** What of one mirrored publisher is to be looked at: packages that changed, then what could not be fetched before. */
export class MirroredPublisher {
  readonly #packages = new Set<PackageName>()
  readonly #failures = new Map<string, Failure>()
  /** Of the package being looked at, the last one first. */
  #left: MirroredArtifact[] = []
  readonly #underway = new Set<string>()
  /** When everything is looked at again because failures were forgotten; monotonic ms. */
  #rescanAt = Number.POSITIVE_INFINITY

  /** Artifacts on their way now. */
  get running(): number {
    return this.#underway.size
  }

  add(names: Iterable<PackageName>): void {
    for (const name of names) this.#packages.add(name)
  }

  /** Whether everything is to be looked at again; says so once. */
  takeRescan(now: number): boolean {
    if (this.#rescanAt > now) return false
    this.#rescanAt = Number.POSITIVE_INFINITY
    return true
  }

  /** The next artifact to look at, or null, on its way until `failed` or `held`; packages are read when their turn comes. */
  next(now: number, stateOf: (name: PackageName) => PackageState | null): MirroredArtifact | null {
    const wanted = this.#takeNew(stateOf) ?? this.#takeDue(now)
    if (wanted !== null) this.#underway.add(keyOf(wanted))
    return wanted
  }

  failed(wanted: MirroredArtifact, now: number): void {
    const key = keyOf(wanted)
    this.#underway.delete(key)
    const tries = (this.#failures.get(key)?.tries ?? 0) + 1
    const dueAt = now + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1))
    this.#failures.delete(key)
    this.#failures.set(key, { wanted, tries, dueAt })
    if (this.#failures.size <= MAX_FAILURES) return
    const [oldest] = this.#failures.keys()
    if (oldest !== undefined) this.#failures.delete(oldest)
    this.#rescanAt = Math.min(this.#rescanAt, now + MAX_RETRY_MS)
  }

  held(wanted: MirroredArtifact): void {
    this.#underway.delete(keyOf(wanted))
    this.#failures.delete(keyOf(wanted))
  }

  /** Some peer has what nobody had before: those that wait longest are tried at once, not all. */
  hasten(now: number): void {
    let left = HASTENED
    for (const [key, failure] of this.#failures) {
      if (left-- === 0) return
      this.#failures.set(key, { ...failure, dueAt: Math.min(failure.dueAt, now) })
    }
  }

  /** When something is due next; monotonic ms. */
  dueAt(): number {
    let earliest = this.#rescanAt
    for (const [key, { dueAt }] of this.#failures) if (!this.#underway.has(key)) earliest = Math.min(earliest, dueAt)
    return earliest
  }

  #takeNew(stateOf: (name: PackageName) => PackageState | null): MirroredArtifact | null {
    for (;;) {
      const wanted = this.#left.pop()
      if (wanted !== undefined) {
        const key = keyOf(wanted)
        if (this.#underway.has(key) || this.#failures.has(key)) continue
        return wanted
      }
      const [name] = this.#packages
      if (name === undefined) return null
      this.#packages.delete(name)
      const state = stateOf(name)
      this.#left = (state === null ? [] : artifactsOf(state)).map(artifact => ({ name, artifact })).reverse()
      this.#forgetAllBut(name, this.#left)
    }
  }

  /** What was withdrawn is not tried again. */
  #forgetAllBut(name: PackageName, wanted: readonly MirroredArtifact[]): void {
    const keys = new Set(wanted.map(keyOf))
    for (const [key, failure] of this.#failures) {
      if (failure.wanted.name === name && !keys.has(key)) this.#failures.delete(key)
    }
  }

  #takeDue(now: number): MirroredArtifact | null {
    for (const [key, { wanted, dueAt }] of this.#failures) {
      if (dueAt <= now && !this.#underway.has(key)) return wanted
    }
    return null
  }
}

const keyOf = ({ artifact: { sha256, cid, size } }: MirroredArtifact): string => `${sha256}/${cid}/${size}`

/** Every artifact of a package's live releases. */
function artifactsOf({ releases }: PackageState): Artifact[] {
  const live = [...releases.values()].filter(({ state }) => state === 'live')
  return live.flatMap(release => [...release.artifacts.map(({ artifact }) => artifact), ...manifestOf(release)])
}

/** A manifest too long for its record is kept beside it as bytes of its own. */
function manifestOf({ manifest }: ReleaseState): Artifact[] {
  if (manifest === null || !('cid' in manifest)) return []
  const sha256 = sha256OfRawBlock(manifest.cid)
  return sha256 === null ? [] : [{ name: 'manifest', cid: manifest.cid, size: manifest.size, sha256 }]
}
