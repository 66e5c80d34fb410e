import { describe, expect, test } from 'vitest'
import { MirrorMemory } from '../../../src/federation/content/mirror-memory.ts'
import { type SplitEffect, SplitPlan } from '../../../src/federation/content/split-plan.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const LEAF_BYTES = 1 << 20
const STEP_MS = 50

/** How a mirror of the simulation behaves; `speed` in bytes/ms. */
interface Behaviour {
  readonly speed: number
  /** Ms of the simulation from which on nothing comes. */
  readonly silentFrom?: number
  readonly kind?: 'lying' | 'absent'
}

function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Runs a plan against mirrors in steps of simulated time; the mirror's requests share its speed. */
function simulate(leaves: number, mirrors: readonly Behaviour[], limitMs = 600_000) {
  const plan = new SplitPlan({ leaves, done: new Set(), hasRoot: false })
  const waiting = mirrors.map((behaviour, at) => ({ peer: `m${at}` as PeerId, behaviour }))
  const behaviours = new Map(waiting.map(({ peer, behaviour }) => [peer, behaviour]))
  interface Request {
    readonly peer: PeerId
    readonly request: number
    leaf: number
    readonly end: number
    bytes: number
  }
  let open: Request[] = []
  let received = 0
  const dropped: { peer: PeerId; at: number }[] = []
  const leavesOf = new Map<PeerId, number>()
  let now = 0
  const carryOut = (effect: SplitEffect) => {
    if (effect.do === 'drop') {
      dropped.push({ peer: effect.mirror, at: now })
      open = open.filter(({ peer }) => peer !== effect.mirror)
    } else if (effect.do === 'ask') {
      const { from, count } = effect.range
      open.push({ peer: effect.mirror, request: effect.request, leaf: from, end: from + count, bytes: 0 })
    } else {
      const next = waiting.shift()
      if (next === undefined) plan.exhausted()
      else plan.join(next.peer, null)
    }
  }
  const settle = () => {
    for (let effects = plan.decide(now); effects.length > 0; effects = plan.decide(now)) effects.forEach(carryOut)
  }
  /** false: the mirror failed. */
  const advance = (each: Request, behaviour: Behaviour): boolean => {
    const failed = () => {
      plan.ended(each.peer, each.request, false, now)
      return false
    }
    if (behaviour.kind === 'absent') return failed()
    if (now >= (behaviour.silentFrom ?? Number.POSITIVE_INFINITY)) return true
    const bytes = (behaviour.speed * STEP_MS) / open.filter(({ peer }) => peer === each.peer).length
    received += bytes
    each.bytes += bytes
    plan.rootCame()
    plan.bytesCame(each.peer, bytes, now)
    for (; each.bytes >= LEAF_BYTES && each.leaf < each.end; each.leaf++) {
      each.bytes -= LEAF_BYTES
      if (behaviour.kind === 'lying') return failed()
      plan.leafCame(each.leaf)
      leavesOf.set(each.peer, (leavesOf.get(each.peer) ?? 0) + 1)
    }
    if (each.leaf === each.end) plan.ended(each.peer, each.request, true, now)
    return true
  }
  settle()
  while (!plan.isComplete && !plan.isOver && now < limitMs) {
    now += STEP_MS
    for (const each of [...open]) {
      const behaviour = behaviours.get(each.peer)
      if (behaviour === undefined || !open.includes(each)) continue
      const isGood = advance(each, behaviour)
      if (!isGood) open = open.filter(({ peer }) => peer !== each.peer)
      else if (each.leaf === each.end) open = open.filter(other => other !== each)
    }
    settle()
  }
  return { plan, now, received, dropped, leavesOf }
}

describe('the plan of a split', () => {
  test('shares a large artifact by what each mirror brings, and asks for no byte twice', () => {
    const { plan, now, received, leavesOf } = simulate(256, [{ speed: 4_000 }, { speed: 8_000 }, { speed: 2_000 }])
    expect(plan.isComplete).toBe(true)
    expect(received / (256 * LEAF_BYTES)).toBeLessThan(1.05)
    expect(leavesOf.get('m1' as PeerId) ?? 0).toBeGreaterThan((leavesOf.get('m0' as PeerId) ?? 0) * 1.5)
    // 14,000 bytes/ms together: within a third of what all of them could do.
    expect(now).toBeLessThan(((256 * LEAF_BYTES) / 14_000) * 1.33)
  })

  test('a mirror that falls silent is replaced within 5 s, and its leaves come from others', () => {
    const { plan, dropped } = simulate(64, [{ speed: 2_000, silentFrom: 2_000 }, { speed: 2_000 }, { speed: 2_000 }])
    expect(plan.isComplete).toBe(true)
    expect(dropped[0]).toMatchObject({ peer: 'm0' })
    expect(dropped[0]?.at).toBeLessThan(2_000 + 5_000)
  })

  test('a mirror that is much slower than the others is dropped within 10 s', () => {
    const { plan, dropped } = simulate(128, [{ speed: 50 }, { speed: 4_000 }, { speed: 4_000 }])
    expect(plan.isComplete).toBe(true)
    expect(dropped[0]).toMatchObject({ peer: 'm0' })
    expect(dropped[0]?.at).toBeLessThan(10_000)
  })

  test('the slow one is asked again when all others are gone', () => {
    const { plan, leavesOf } = simulate(64, [{ speed: 400 }, { speed: 4_000, silentFrom: 4_000 }])
    expect(plan.isComplete).toBe(true)
    expect(leavesOf.get('m0' as PeerId) ?? 0).toBeGreaterThan(30)
  })

  test.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'one good mirror among any others is enough, seed %i',
    seed => {
      const random = randomOf(seed)
      const others = Array.from({ length: Math.floor(random() * 7) }, (): Behaviour => {
        const speed = 100 + random() * 8_000
        const kind = Math.floor(random() * 4)
        if (kind === 0) return { speed, kind: 'lying' }
        if (kind === 1) return { speed, kind: 'absent' }
        return kind === 2 ? { speed, silentFrom: random() * 5_000 } : { speed }
      })
      const at = Math.floor(random() * (others.length + 1))
      const leaves = 2 + Math.floor(random() * 100)
      const { plan, received } = simulate(leaves, others.toSpliced(at, 0, { speed: 1_000 + random() * 4_000 }))
      expect(plan.isComplete).toBe(true)
      // What failed mirrors sent in vain is at most a range of each.
      expect(received).toBeLessThanOrEqual((leaves * 1.05 + 17 * (others.length + 1)) * LEAF_BYTES)
    },
  )
})

test('a memory of mirrors puts the fast first and those that failed last, for a while', () => {
  const memory = new MirrorMemory()
  const [fast, slow, fresh, bad] = ['fast', 'slow', 'fresh', 'bad'] as PeerId[] as [PeerId, PeerId, PeerId, PeerId]
  memory.brought(slow, 100, 0)
  memory.brought(fast, 900, 0)
  memory.failed(bad, 0)
  expect(memory.bestFirst([bad, fresh, slow, fast], 1, LEAF_BYTES)).toEqual([fast, slow, fresh, bad])
  expect(memory.bestFirst([bad, fresh, slow, fast], 3_600_000, LEAF_BYTES)).toEqual([bad, fresh, slow, fast])
})
