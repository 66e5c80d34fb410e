import { CorruptingRegistry } from './corrupting-registry.ts'
import { Tally } from './tally.ts'

/** A node that pulls through a registry, as a client and its operator see it. */
export interface PullingNode extends AsyncDisposable {
  /** Address of its npm front, with a slash at its end. */
  readonly registry: string
  /** Everything it has logged; complete once it has ended. */
  log(): string
  /** Ends it and waits until all is logged. */
  end(): Promise<void>
}

interface Answer {
  /** Status and code of a refusal; null: the bytes were cut off on their way. */
  readonly refusal: string | null
  readonly bytes: Uint8Array | null
}

/**
 * Asks a node for `count` packages of a registry that spoils each. No altered byte may be given out whole, and each refusal is
 * logged or says its code; afterwards, what was spoilt on its way is served once it comes as it should.
 */
export async function corruptRegistry(
  seed: number,
  count: number,
  start: (url: string) => Promise<PullingNode>,
): Promise<Tally> {
  const tally = new Tally()
  const silent: number[] = []
  await using registry = await CorruptingRegistry.start(seed)
  await using node = await start(registry.url)
  for (let number = 0; number < count; number++) {
    const { spoiling, tarball } = registry.package(number)
    const document = await ask(`${node.registry}pkg-${number}`)
    const got = await ask(`${node.registry}pkg-${number}/-/pkg-${number}-1.0.0.tgz`)
    const isAltered = got.bytes !== null && Buffer.compare(got.bytes, tarball) !== 0
    if (got.bytes === null && got.refusal === null && document.refusal === null) silent.push(number)
    tally.add(spoiling, isAltered ? 'ALTERED' : got.bytes === null ? 'refused' : 'unaltered', `pkg-${number}`)
  }
  await healed(registry, node, count, tally)
  await node.end()
  const logged = new Set(node.log().match(/pkg-\d+/g))
  for (const number of silent) {
    if (!logged.has(`pkg-${number}`)) tally.add(registry.package(number).spoiling, 'UNREPORTED', `pkg-${number}`)
  }
  return tally
}

/** Nothing of what was altered was kept: every tenth package is asked for again and must be right. */
async function healed(registry: CorruptingRegistry, node: PullingNode, count: number, tally: Tally): Promise<void> {
  registry.isSpoiling = false
  for (let number = 0; number < count; number += 10) {
    const { spoiling, tarball } = registry.package(number)
    // A document is asked for again after five minutes.
    if (spoiling === 'flip-digest') continue
    const { bytes } = await ask(`${node.registry}pkg-${number}/-/pkg-${number}-1.0.0.tgz`)
    if (bytes === null || Buffer.compare(bytes, tarball) !== 0)
      tally.add(spoiling, 'ALTERED', `pkg-${number} afterwards`)
  }
}

async function ask(url: string): Promise<Answer> {
  try {
    const answer = await fetch(url)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    if (answer.ok) return { refusal: null, bytes }
    const { code } = JSON.parse(new TextDecoder().decode(bytes)) as { code?: unknown }
    return { refusal: typeof code === 'string' ? `${answer.status} ${code}` : null, bytes: null }
  } catch {
    return { refusal: null, bytes: null }
  }
}
