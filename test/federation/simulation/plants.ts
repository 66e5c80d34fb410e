/** A bug that is put into a copy of the sources to see whether anything notices. */
export interface Plant {
  readonly name: string
  /** Below src. */
  readonly file: string
  /** Text that the file has exactly once, and what takes its place. */
  readonly find: string
  readonly replace: string
  /** A test below test that has to fail, where the simulation cannot see the bug by its nature. */
  readonly test?: string
}

const CHAIN: readonly Plant[] = [
  {
    name: 'no predecessor check',
    file: 'node/storage/append-plan.ts',
    find: 'if (prev === undefined || !isNext(prev, record)) return',
    replace: 'if (prev === undefined) return',
  },
  {
    name: 'lower sequence accepted',
    file: 'node/storage/append-plan.ts',
    find: 'prev.seq + 1 === record.seq',
    replace: 'prev.seq + 1 >= record.seq',
  },
  {
    name: 'no canonical check',
    file: 'protocol/canonical-decode.ts',
    find: 'if (last !== null && !isAfter(key, last)) throw',
    replace: 'if (false) throw',
  },
  {
    name: 'no signature check',
    file: 'protocol/ed25519.ts',
    find: 'return key !== null && verify(null, message, key, signature)',
    replace: 'return key !== null',
  },
  {
    name: 'another network accepted',
    file: 'protocol/record-frame.ts',
    find: 'if (value !== net) throw',
    replace: 'if (false) throw',
  },
  {
    name: 'signatures of heads hold for records',
    file: 'protocol/signature-domain.ts',
    find: "HEAD_DOMAIN: SignatureDomain = 'hanse-head-v1\\0'",
    replace: "HEAD_DOMAIN: SignatureDomain = 'hanse-record-v1\\0'",
  },
  {
    name: 'an answer is not held against what was asked',
    file: 'federation/sync/read-range.ts',
    find: 'if (!isChainTo(place, records)) return',
    replace: 'if (false) return',
  },
  {
    name: "a stranger's root record admitted",
    file: 'federation/sync/root-authority.ts',
    find: "if (keys === null) return 'usurped'",
    replace: "if (keys === null) return 'admitted'",
  },
  {
    name: 'a delegate is not required',
    file: 'federation/sync/root-authority.ts',
    find: "? 'admitted' : 'undecided'",
    replace: "? 'admitted' : 'admitted'",
  },
]

const SYNC: readonly Plant[] = [
  {
    name: 'a head believed without its record',
    file: 'federation/sync/head-requests.ts',
    find: 'filter((_, i) => !held[i])',
    replace: 'filter(({ seq }, i) => !held[i] && seq < 3)',
  },
  {
    name: 'no rounds: what is lost is not asked again',
    file: 'federation/sync/head-rounds.ts',
    find: 'return this.#nextAt !== null && this.#nextAt <= now',
    replace: 'if (this.#nextAt !== null && this.#nextAt <= now) this.#nextAt = null\n    return false',
  },
  {
    name: 'the cursor runs ahead of what is held',
    file: 'federation/sync/told-heads.ts',
    find: '  spoil(): void {\n',
    replace: '  spoil(): void {\n    if (1) return\n',
  },
  {
    name: 'a liar stays connected',
    file: 'federation/sync/ranges.ts',
    find: "return this.#blame.drop(peer, 'bad record')\n  }\n",
    replace: 'return []\n  }\n',
  },
  {
    name: 'one silent peer is waited for alone',
    file: 'federation/sync/want.ts',
    find: 'Math.min(MAX_SYNC_PEERS, this.parallel * 2)',
    replace: '1',
    test: 'federation/sync/sync-machine.test.ts',
  },
  {
    name: 'rivals not kept',
    file: 'node/storage/append-plan.ts',
    find: 'return !onlyAtTip && (pinned || tree.length <= MAX_RIVAL_BRANCHES)',
    replace: 'return false',
  },
  {
    name: 'a pinned branch dropped',
    file: 'node/storage/append-plan.ts',
    find: '(pinned || tree.length <=',
    replace: '(tree.length <=',
  },
  {
    name: 'private feeds served to everybody',
    file: 'node/library/feed-access.ts',
    find: "return this.visibilityOf({ publisher, feed }) === 'public'",
    replace: 'return true',
  },
]

const STORAGE: readonly Plant[] = [
  {
    name: 'forgotten sync',
    file: 'node/storage/level-database.ts',
    find: '{ sync: true },',
    replace: '{ sync: false },',
  },
  {
    name: 'half a batch',
    file: 'node/storage/append-queue.ts',
    find: 'await this.#database.commit(plan.writes())',
    replace:
      "for (const isTree of [true, false]) await this.#database.commit(plan.writes().filter(({ table }) => (table === 'feeds') === isTree))",
  },
  {
    name: 'acknowledged before it is written',
    file: 'node/storage/append-queue.ts',
    find: 'await this.#database.commit(plan.writes())',
    replace: 'void this.#database.commit(plan.writes()).catch(() => {})',
  },
]

const GOSSIP: readonly Plant[] = [
  {
    name: 'ids remembered before they are verified',
    file: 'federation/gossip/machine.ts',
    find: "    return { is: 'verify' }",
    replace: "    this.held(claim.id)\n    return { is: 'verify' }",
  },
  {
    name: 'a sequence window from unverified claims',
    file: 'federation/gossip/driver.ts',
    find: 'this.#machine.held(claim.id)',
    replace: 'this.#machine.remember(claim)',
  },
  {
    name: 'an id known by any head that names it',
    file: 'federation/gossip/machine.ts',
    find: "  place.form === 'head' ? `",
    replace: "  place.form === ('none' as never) ? `",
    test: 'federation/gossip/gossip-driver.test.ts',
  },
  {
    name: 'forgeries ignored, not rejected',
    file: 'federation/gossip/machine.ts',
    find: "if (!isValid) return { is: 'reject', why: 'signature' }",
    replace: "if (!isValid) return { is: 'ignore', why: 'signature' } as never",
  },
  {
    name: 'a budget charged to the victim of a forgery',
    file: 'federation/gossip/machine.ts',
    find: "    return { is: 'verify' }",
    replace: "    feeds.charge(feedOf(claim), claim.bytes, now)\n    return { is: 'verify' }",
    test: 'federation/gossip/gossip-machine.test.ts',
  },
]

const BOUNDS: readonly Plant[] = [
  {
    name: 'wants of one feed without bound',
    file: 'federation/sync/wants.ts',
    find: '|| (feed.offers.get(peer) ?? 0) >= MAX_WANTS_PER_FEED',
    replace: '',
  },
  {
    name: 'heads asked of one peer without bound',
    file: 'federation/sync/sync-peers.ts',
    find: '?? MAX_HEAD_ASKS_PER_PEER) < MAX_HEAD_ASKS_PER_PEER',
    replace: '?? 1e9) < 1e9',
  },
  {
    name: 'ranges asked of one peer without bound',
    file: 'federation/sync/sync-peers.ts',
    find: '?? MAX_RANGES_PER_PEER) < MAX_RANGES_PER_PEER',
    replace: '?? 1e9) < 1e9',
  },
  {
    name: 'strikes without bound',
    file: 'federation/sync/strikes.ts',
    find: 'if (this.#entries.size > MAX_STRUCK_PEERS)',
    replace: 'if (false)',
    test: 'federation/sync/strikes.test.ts',
  },
]

const FOLD: readonly Plant[] = [
  {
    name: 'the order of arrival matters',
    file: 'protocol/fold/counted-feeds.ts',
    find: 'if (lowest <= known.length) {',
    replace: 'if (lowest < 0) {',
  },
  {
    name: 'a fork not detected',
    file: 'protocol/fold/feed-places.ts',
    find: "return 'fork'",
    replace: 'return first - 1',
  },
  {
    name: 'a void ignored',
    file: 'protocol/fold/live-feeds.ts',
    find: 'if (live !== undefined) live.ended = earliest',
    replace: '',
  },
  {
    name: 'the sum of digests forgets what was there',
    file: 'protocol/fold/package-states.ts',
    find: 'takeFromSum(this.#sum, digestOfBytes(this.#digestAt(pkg)))',
    replace: 'this.#sum',
  },
]

const OWN_HEADS: readonly Plant[] = [
  {
    name: 'a writer does not ask before it writes',
    file: 'node/library/writer.ts',
    find: 'await this.#prepare(false)',
    replace: '',
  },
  {
    name: 'own heads heard and not adopted',
    file: 'federation/sync/own-heads.ts',
    find: 'const how = await adopt(ask, peer, head, limit)',
    replace: "const how = 'adopted' as Awaited<ReturnType<typeof adopt>>",
  },
]

/** All bugs that are planted. */
export const PLANTS: readonly Plant[] = [...CHAIN, ...SYNC, ...STORAGE, ...GOSSIP, ...BOUNDS, ...FOLD, ...OWN_HEADS]
