import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningNode, startNode } from '../../../src/node/index.ts'
import { startChild } from './child.ts'
import { FLOOD, FORGED, MALICE } from './hostile-peer.ts'
import type { Question } from './made-packages.ts'

/** Peers give one asker a search each 200 ms. */
const PACE_MS = 210
const POLL_MS = 50

/** One answered question. */
export interface Asked {
  readonly question: Question
  readonly ms: number
  /** What this process, asker and HTTP client, took of the processors meanwhile. */
  readonly cpuMs: number
  /** Place of the package asked for, from 1; null: not in the answer. */
  readonly rank: number | null
  readonly forged: number
  /** Hits of the flooding peer, which verify: it signs what it likes. */
  readonly flooded: number
  readonly answered: number
  readonly partial: boolean
}

interface Answer {
  readonly hits: readonly { readonly purl: string; readonly source: string }[]
  readonly peers: { readonly asked: number; readonly answered: number; readonly partial: boolean }
}

/** A new node that holds nothing asks its peers over its HTTP API, one question after the other. */
export async function askAll(
  addresses: readonly string[],
  questions: readonly Question[],
  isHaunted: boolean,
): Promise<Asked[]> {
  const home = await mkdtemp(join(tmpdir(), 'hanse-asker-'))
  try {
    await using node = await startNode({
      ...{ home, http: { host: '127.0.0.1', port: 0 }, network: 'public' },
      ...{ listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap: [...addresses] },
    })
    await connected(node, addresses.length)
    await using hostile = isHaunted ? await startChild(['hostile', node.ready.addresses[0]!]) : null
    if (hostile !== null) await connected(node, addresses.length + MALICE.length)
    const asked: Asked[] = []
    for (const question of questions) asked.push(await ask(node, question))
    return asked
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function ask(node: RunningNode, question: Question): Promise<Asked> {
  const url = new URL('/api/search', node.ready.http)
  url.searchParams.set('q', question.text)
  const used = process.cpuUsage()
  const began = performance.now()
  const response = await fetch(url)
  const { hits, peers } = (await response.json()) as Answer
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(used)
  const at = hits.findIndex(({ purl }) => question.purl.startsWith(`${purl}@`))
  const rest = new Promise(resolve => setTimeout(resolve, Math.max(0, PACE_MS - ms)))
  await rest
  return {
    cpuMs: (user + system) / 1_000,
    ...{ question, ms, rank: at < 0 ? null : at + 1, answered: peers.answered, partial: peers.partial },
    forged: hits.filter(({ purl }) => purl.includes(FORGED)).length,
    flooded: hits.filter(({ purl }) => purl.includes(FLOOD)).length,
  }
}

async function connected(node: RunningNode, count: number): Promise<void> {
  for (;;) {
    const response = await fetch(new URL('/api/peers', node.ready.http))
    const peers = (await response.json()) as readonly { connected: boolean }[]
    if (peers.filter(peer => peer.connected).length >= count) return
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}
