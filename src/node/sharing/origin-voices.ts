import { type PackageName, type PublisherId, shortNameOf } from '../../protocol/index.ts'
import type { RelationBook } from '../library/relation-book.ts'
import type { ComparedDigests } from './compared-digests.ts'
import { contradict } from './digest-text.ts'
import { disputeAmong, type Voice } from './origin-dispute.ts'
import type { OriginStatements } from './origin-statements.ts'

export interface OriginVoicesParts {
  readonly own: PublisherId
  readonly relations: Pick<RelationBook, 'nameOf'>
  readonly statements: OriginStatements
  readonly compared: ComparedDigests
}

/** Everybody's word about the bytes of one version: this node's, those of publishers allowed for origin, and the upstream's own. */
export class OriginVoices {
  readonly #parts: OriginVoicesParts

  constructor(parts: OriginVoicesParts) {
    this.#parts = parts
  }

  /** Whether anybody whose word counts states anything at all of a version, of whatever upstream. */
  mayDispute(name: PackageName, version: string): boolean {
    const { statements } = this.#parts
    return statements.counted().some(publisher => statements.statesVersion(publisher, name, version))
  }

  /** Who disagrees with whom, or null. */
  disputeOf(name: PackageName, upstream: string, version: string): string | null {
    const dispute = disputeAmong(this.#voicesOf(name, upstream, version))
    if (dispute === null) return null
    return `${dispute}; to let it pass: hanse policy waive '${shortNameOf(name)}@${version}' --rule origin --why TEXT`
  }

  /** What publishers that are followed and not allowed for origin say against those voices; null: nothing. */
  hearsayOf(name: PackageName, upstream: string, version: string): string | null {
    const { statements } = this.#parts
    const voices = this.#voicesOf(name, upstream, version)
    const heard = statements.heard().flatMap(publisher => this.#statedBy(publisher, name, upstream, version))
    const against = heard.filter(other => voices.some(voice => contradict(voice.digests, other.digests)))
    if (against.length === 0) return null
    const names = [...new Set(against.map(each => each.name))].join(', ')
    const hint = `hanse allow ${names.split(', ')[0]} --for origin makes it count`
    return `${names} (followed, not allowed for origin) states another digest; ${hint}`
  }

  #voicesOf(name: PackageName, upstream: string, version: string): readonly Voice[] {
    const { statements, compared, own } = this.#parts
    const listed = compared.of(name, upstream, version)
    const mine = this.#statedBy(own, name, upstream, version).map(voice => ({
      ...voice,
      name: 'this node',
      silencedBy: null,
    }))
    const others = statements.believed().flatMap(publisher => this.#statedBy(publisher, name, upstream, version))
    return [
      ...mine,
      ...others,
      ...(listed === null || listed.length === 0 ? [] : [{ name: upstream, digests: listed, silencedBy: null }]),
    ]
  }

  #statedBy(publisher: PublisherId, name: PackageName, upstream: string, version: string): readonly Voice[] {
    const stated = this.#parts.statements.ofPublisher(publisher, name, upstream).get(version) ?? []
    const called = this.#parts.relations.nameOf(publisher)
    const digests = new Set(stated.map(({ digest }) => digest))
    return [...digests].map(digest => ({
      name: called,
      digests: [digest],
      silencedBy: `hanse disallow ${called} --for origin`,
    }))
  }
}
