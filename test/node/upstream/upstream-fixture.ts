import { join } from 'node:path'
import { type ArtifactStore, openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import {
  type NpmUpstream,
  type NpmUpstreamOptions,
  openNpmUpstream,
  type UpstreamLimits,
  upstreamSettingsSchema,
} from '../../../src/node/upstream/index.ts'
import { scopedFolder } from '../storage/temporary-home.ts'

/** As long as a machine may take that does much else. */
const PATIENT: UpstreamLimits = {
  connectMs: 20_000,
  headersMs: 20_000,
  idleMs: 20_000,
  documentMs: 30_000,
  tarballMs: 50_000,
  connections: 32,
}
/** For what is to be given up. */
export const IMPATIENT: UpstreamLimits = { ...PATIENT, connectMs: 200, headersMs: 200, idleMs: 200 }

/** An upstream on a home of its own, with a clock that the test moves. */
export interface UpstreamFixture extends AsyncDisposable {
  upstream: NpmUpstream
  artifacts: ArtifactStore
  readonly folder: string
  /** Ms since 1970; begins in 2026. */
  now: number
  /** Problems reported so far. */
  readonly problems: unknown[]
  /** Closes everything and opens it again from the same home, perhaps with other settings. */
  restart(settings?: Readonly<Record<string, unknown>>): Promise<void>
}

export interface FixtureOptions {
  readonly limits?: UpstreamLimits
  readonly home?: string
  /** Asked before the upstream for tarballs. */
  readonly peers?: NpmUpstreamOptions['peers']
  readonly environment?: { readonly httpProxy: string; readonly httpsProxy: string; readonly noProxy: string }
}

const NO_PROXIES = { httpProxy: '', httpsProxy: '', noProxy: '' }

/** Opens an upstream named `fake` at `url`. */
export async function openFixture(
  url: string,
  settings: Readonly<Record<string, unknown>> = {},
  { limits = PATIENT, environment = NO_PROXIES, peers }: FixtureOptions = {},
): Promise<UpstreamFixture> {
  const home = await scopedFolder()
  let opened = new AsyncDisposableStack()
  const fixture = {
    folder: home.path,
    now: Date.parse('2026-01-01T00:00:00Z'),
    problems: [] as unknown[],
    async restart(changed: Readonly<Record<string, unknown>> = {}) {
      await opened.disposeAsync()
      opened = new AsyncDisposableStack()
      const database = opened.use(await openLevelDatabase(join(home.path, 'database')))
      fixture.artifacts = await openArtifactStore({ database, folder: home.path })
      const parsed = upstreamSettingsSchema.parse({ name: 'fake', url, ...settings, ...changed })
      fixture.upstream = await openNpmUpstream({
        settings: parsed,
        folder: join(home.path, 'upstream'),
        database,
        artifacts: fixture.artifacts,
        proxies: environment,
        limits,
        now: () => fixture.now,
        random: () => 0,
        onProblem: problem => fixture.problems.push(problem),
        ...(peers === undefined ? {} : { peers }),
      })
      opened.use(fixture.upstream)
    },
    async [Symbol.asyncDispose]() {
      await opened.disposeAsync()
      await home[Symbol.asyncDispose]()
    },
  } as unknown as UpstreamFixture
  await fixture.restart()
  return fixture
}

/** A signal that nobody aborts. */
export const CALM = new AbortController().signal

/** All bytes of a tarball. */
export async function bytesOfTarball(
  tarball: { readonly bytes: AsyncIterable<Uint8Array> } | null,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of tarball!.bytes) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** The bytes that came before the error, and the error's code. */
export async function bytesUntilError(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly received: number; readonly code: unknown }> {
  let received = 0
  try {
    for await (const chunk of bytes) received += chunk.length
  } catch (error) {
    return { received, code: (error as { code?: unknown }).code }
  }
  return { received, code: null }
}
