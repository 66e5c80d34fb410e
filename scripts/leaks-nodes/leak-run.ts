import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { layoutOf } from '../../src/federation/index.ts'
import type { BlockId, FeedId, PublisherId, RecordId } from '../../src/protocol/index.ts'
import { SoakedNode } from '../soak-nodes/soaked-node.ts'
import { type Found, Needles } from './needles.ts'
import { RecordingPeer, type Secret } from './recording-peer.ts'
import { addNeedles, type MadeRelease, makePackage, releasedAs } from './release-made.ts'

export interface LeakRunOptions {
  /** The program: `dist/hanse.js`. */
  readonly program: string
  /** An empty folder for the nodes' homes. */
  readonly folder: string
  readonly operations: number
  /** 0 to 1, seeded. */
  readonly random: () => number
  readonly onProgress?: (done: number) => void
}

export interface LeakReport {
  /** Operations done, by kind. */
  readonly done: Readonly<Record<string, number>>
  readonly needles: number
  /** Names, words, versions, ids or digests of what is not public, at the peers off the list. */
  readonly leaks: readonly Found[]
  /** Public releases, and how many of them the listener heard of: what shows that it would have heard of others. */
  readonly control: { readonly published: number; readonly heard: number }
  readonly listener: ReturnType<RecordingPeer['received']>
  readonly asker: ReturnType<RecordingPeer['received']>
  /** Times that an answer about what is hidden differed from one about what does not exist. */
  readonly oracles: readonly string[]
  /** Median ms of an answer about a hidden block, and about one that does not exist. */
  readonly answerMs: { readonly hidden: number; readonly absent: number }
  readonly faults: readonly string[]
}

type Visibility = 'public' | 'private' | 'listed'
type Made = MadeRelease & { readonly visibility: Visibility }
interface Audience {
  readonly feed: FeedId
  readonly peers: readonly string[]
}

/** What these protocols answer repeats what they were asked for. */
const ECHOES = (protocol: string): boolean => /kad|bitswap/.test(protocol)
const AUDIENCE = 'crew'
/** Operations under way at a time; nodes restart between them. */
const AT_ONCE = 10

/**
 * A publisher, a member on its list, and two peers off it that keep every byte they receive: one listens and asks what any stranger
 * may, the other asks for everything by its true ids. Then all that was received is searched for whatever is not public.
 */
export async function runLeaks(options: LeakRunOptions): Promise<LeakReport> {
  const faults: string[] = []
  const nodeOf = (name: string) =>
    new SoakedNode({
      name,
      home: join(options.folder, name),
      program: options.program,
      onFault: what => faults.push(what),
    })
  await using stack = new AsyncDisposableStack()
  const publisher = nodeOf('publisher')
  const member = nodeOf('member')
  for (const node of [publisher, member]) stack.defer(() => node.stop('SIGKILL'))
  await publisher.start([])
  await member.start([publisher.address])
  const listener = stack.use(await RecordingPeer.start())
  const asker = stack.use(await RecordingPeer.start(peer => peer === listener.peer.id))
  const run = new LeakRun({ ...options, publisher, member, listener, asker })
  await run.begin()
  for (let done = 0; done < options.operations; ) {
    const some = Math.min(AT_ONCE, options.operations - done)
    await Promise.all(Array.from({ length: some }, () => run.step()))
    await run.settle()
    done += some
    options.onProgress?.(done)
  }
  return { ...(await run.end()), faults }
}

interface Parties {
  readonly publisher: SoakedNode
  readonly member: SoakedNode
  readonly listener: RecordingPeer
  readonly asker: RecordingPeer
}

class LeakRun {
  readonly #all: Parties & LeakRunOptions
  readonly #made: Made[] = []
  readonly #done: Record<string, number> = {}
  readonly #oracles: string[] = []
  readonly #times = { hidden: [] as number[], absent: [] as number[] }
  #id = '' as PublisherId
  #feeds = { listed: '' as FeedId, private: '' as FeedId }
  #isMirror = false
  /** Names that the member has heard of: any other is a word to it like all words, which it asks its peers for. */
  readonly #atMember = new Set<string>()
  #isRestartDue = false

  constructor(all: Parties & LeakRunOptions) {
    this.#all = all
  }

  async begin(): Promise<void> {
    const { publisher, member } = this.#all
    this.#id = publisher.ready.publisher as PublisherId
    await member.call('POST', '/api/relations', { action: 'allow', publisher: this.#id, as: 'acme' })
    const { feed } = await this.#audience('', member.ready.peerId)
    const keys = await publisher.call<{ role: string; id: FeedId }[]>('GET', '/api/keys')
    this.#feeds = { listed: feed, private: keys.find(({ role }) => role === 'writer (private)')!.id }
    await this.#meet()
  }

  /** One operation of a kind drawn by weight. */
  async step(): Promise<void> {
    const kinds: readonly (readonly [weight: number, kind: string, run: () => Promise<unknown>])[] = [
      [10, 'publish public', () => this.#publish('public')],
      [10, 'publish private', () => this.#publish('private')],
      [14, 'publish listed', () => this.#publish('listed')],
      [14, 'install listed at the member', () => this.#install('listed', 'member')],
      [6, 'install public at the member', () => this.#install('public', 'member')],
      [4, 'install private at the publisher', () => this.#install('private', 'publisher')],
      [14, 'search', () => this.#search()],
      [8, 'info and why', () => this.#look()],
      [6, 'complete', () => this.#complete()],
      [3, 'audience', () => this.#changeAudience()],
      [1, 'mirror on or off', () => this.#mirror()],
      [5, 'browsed by a stranger', () => this.#browse()],
      [4, 'asked for by its ids', () => this.#probe()],
      [0.15, 'restart', () => this.#demandRestart()],
    ]
    const total = kinds.reduce((all, [weight]) => all + weight, 0)
    const at = this.#all.random() * total
    let sum = 0
    const drawn = kinds.find(([weight]) => {
      sum += weight
      return at < sum
    })
    const [, kind, run] = drawn ?? kinds[0]!
    await run()
    this.#done[kind] = (this.#done[kind] ?? 0) + 1
  }

  async #demandRestart(): Promise<void> {
    this.#isRestartDue = true
  }

  /** What needs the others to have ended. */
  async settle(): Promise<void> {
    if (this.#isRestartDue) await this.#restart()
    this.#isRestartDue = false
    await this.#meet()
  }

  async end(): Promise<Omit<LeakReport, 'faults'>> {
    const { listener, asker } = this.#all
    const hidden = new Needles()
    for (const made of this.#made) if (made.visibility !== 'public') addNeedles(hidden, made)
    hidden.add('the audience', Buffer.from(`"${AUDIENCE}"`))
    const open = this.#made.filter(({ visibility }) => visibility === 'public')
    const words = new Needles()
    for (const { word } of open) words.add(word, Buffer.from(word))
    const heard = new Set(listener.find(words).map(({ what }) => what))
    const leaks = [...listener.find(hidden), ...asker.find(hidden, protocol => !ECHOES(protocol))]
    return {
      ...{ done: this.#done, needles: hidden.count, leaks, oracles: this.#oracles },
      control: { published: open.length, heard: heard.size },
      ...{ listener: listener.received(), asker: asker.received() },
      answerMs: { hidden: medianOf(this.#times.hidden), absent: medianOf(this.#times.absent) },
    }
  }

  async #publish(visibility: Visibility): Promise<void> {
    const { publisher, random } = this.#all
    const older = random() < 0.3 ? this.#pick(visibility) : null
    const made = makePackage(random, older?.name)
    const query = new URLSearchParams({ name: `${made.name}-${made.version}.tgz` })
    if (visibility === 'public') query.set('public', '1')
    if (visibility === 'listed') query.set('to', AUDIENCE)
    const answer = await publisher.call<{ cid: BlockId; record: RecordId }>(
      'POST',
      `/api/publish?${query}`,
      new Uint8Array(made.tarball),
    )
    this.#made.push({ ...(await releasedAs(made, answer.cid, answer.record)), visibility })
  }

  /** What has not arrived yet, or was not given, is not installed: that is no fault. */
  async #install(visibility: Visibility, at: 'member' | 'publisher'): Promise<void> {
    const made = this.#pick(visibility)
    if (made === null) return
    const body = { purl: `npm:${made.name}@${made.version}`, publisher: this.#id }
    const installed = await this.#all[at].call('POST', '/api/install', body).catch(() => null)
    if (installed !== null && at === 'member') this.#atMember.add(made.name)
  }

  /** Names as they are and words of descriptions, of what is hidden too: nobody else is asked for those. */
  async #search(): Promise<void> {
    const { random, member, publisher } = this.#all
    const made = this.#pick((['public', 'private', 'listed'] as const)[Math.floor(random() * 3)]!)
    if (made === null) return
    const node = this.#atMember.has(made.name) && random() < 0.5 ? member : publisher
    const q = made.visibility === 'public' || random() < 0.5 ? made.name : made.word
    const local = q === made.word ? '1' : '0'
    await node.call('GET', `/api/search?${new URLSearchParams({ q, local })}`)
  }

  async #look(): Promise<void> {
    const { random, member, publisher } = this.#all
    const made = this.#pick(random() < 0.5 ? 'listed' : 'private')
    if (made === null) return
    const node = this.#atMember.has(made.name) && random() < 0.5 ? member : publisher
    const query = new URLSearchParams({ purl: `npm:${made.name}` })
    await node.call('GET', `/api/info?${query}`).catch(notYet)
    await node.call('GET', `/api/why?${query}`).catch(notYet)
  }

  async #complete(): Promise<void> {
    const made = this.#pick('private') ?? this.#pick('public')
    if (made !== null) await this.#all.publisher.call('GET', `/api/complete?q=${made.name.slice(0, 3)}`)
  }

  /** Puts a peer that nobody has met on the list, or takes one off; the member stays. */
  async #changeAudience(): Promise<void> {
    const { publisher, member, random } = this.#all
    const [crew] = await publisher.call<Audience[]>('GET', '/api/audiences')
    const others = (crew?.peers ?? []).filter(peer => peer !== member.ready.peerId && peer !== publisher.ready.peerId)
    const [first] = others
    if (first !== undefined && (others.length > 8 || random() < 0.4))
      await this.#audience('/remove', first).catch(notYet)
    else await this.#audience('', await somePeerId())
  }

  async #audience(path: '' | '/remove', peer: string): Promise<Audience> {
    return await this.#all.publisher.call('POST', `/api/audiences/${AUDIENCE}${path}`, { peers: [peer] })
  }

  async #mirror(): Promise<void> {
    this.#isMirror = !this.#isMirror
    const action = this.#isMirror ? 'mirror' : 'unmirror'
    await this.#all.member.call('POST', '/api/relations', { action, publisher: this.#id })
  }

  async #browse(): Promise<void> {
    const { listener, member, publisher, random } = this.#all
    await listener.browse(random() < 0.5 ? member : publisher, this.#id).catch(notYet)
  }

  async #probe(): Promise<void> {
    const { asker, member, publisher, random } = this.#all
    const made = this.#pick(random() < 0.6 ? 'listed' : 'private')
    if (made === null) return
    const node = random() < 0.5 ? member : publisher
    const real: Secret = {
      ...made,
      publisher: this.#id,
      feed: made.visibility === 'listed' ? this.#feeds.listed : this.#feeds.private,
    }
    const fake = makePackage(random)
    const absent = {
      ...real,
      ...fake,
      ...idsOf(await releasedAs(fake, (await layoutOf([fake.tarball])).cid, real.record)),
    }
    // Who is asked about first waits for the others' work: by turns.
    const asks = [['hidden', real] as const, ['absent', absent] as const]
    for (const [kind, secret] of random() < 0.5 ? asks : asks.toReversed()) await this.#compare(node, kind, secret)
    if (random() < 0.2) {
      const [hidden, none] = [await asker.probeEchoing(real.cid), await asker.probeEchoing(absent.cid)]
      if (hidden !== none) this.#oracles.push(`DHT or bitswap: ${hidden} for what is hidden, ${none} for nothing`)
    }
  }

  async #compare(node: SoakedNode, kind: 'hidden' | 'absent', secret: Secret): Promise<void> {
    const began = performance.now()
    const answer = await this.#all.asker.probe(node, secret).catch(String)
    this.#times[kind].push(performance.now() - began)
    const expected = JSON.stringify([0, 'E_NOT_FOUND', [false, false], 0, 0])
    const isBusy = /busy|no \S+ stream|stopped|closed|abort|disconnect|dial/i.test(answer)
    if (answer !== expected && !isBusy) this.#oracles.push(`${kind}: ${answer}`)
  }

  async #restart(): Promise<void> {
    const { member, publisher, random } = this.#all
    const isMember = random() < 0.5
    const node = isMember ? member : publisher
    await node.stop(random() < 0.5 ? 'SIGKILL' : 'SIGTERM')
    await node.start(isMember ? [publisher.address] : [member.address])
  }

  async #meet(): Promise<void> {
    const { listener, asker, member, publisher } = this.#all
    for (const peer of [listener, asker])
      for (const node of [publisher, member])
        if (!peer.isConnectedTo(node)) await peer.connect(node, this.#id).catch(notYet)
  }

  #pick(visibility: Visibility): Made | null {
    const some = this.#made.filter(made => made.visibility === visibility)
    return some[Math.floor(this.#all.random() * some.length)] ?? null
  }
}

/** It did not arrive yet, or somebody else was first: no fault. */
const notYet = (): void => {}
const idsOf = ({ cid, record }: MadeRelease): Pick<MadeRelease, 'cid' | 'record'> => ({ cid, record })

function medianOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
}

async function somePeerId(): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
}
