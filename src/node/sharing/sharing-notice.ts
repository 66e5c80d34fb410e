/** An upstream as it is set up here. */
export interface NoticedUpstream {
  readonly name: string
  /** null: not known yet. */
  readonly url: string | null
}

/**
 * What others learn of these upstreams, and of which nothing, in a sentence for who switched it on. Of what is shared it names the
 * host: the machine's own registry may be a company's.
 */
export function sharingNoticeOf(upstreams: readonly NoticedUpstream[], isShared: (name: string) => boolean): string {
  const shared = upstreams
    .filter(({ name }) => isShared(name))
    .map(hostedOf)
    .join(', ')
  const silent = upstreams
    .filter(({ name }) => !isShared(name))
    .map(namedOf)
    .join(', ')
  const what = shared
    ? `everyone may learn, in its public feed, which versions this node has pulled from ${shared}, and gets them`
    : 'no upstream is shared'
  const rest = silent ? `; nothing of ${silent}` : ''
  return `${what}${rest}; share.upstreams: false ends it, and what was stated stays known`
}

const namedOf = ({ name }: NoticedUpstream): string => `upstream/${name}`

const hostedOf = (upstream: NoticedUpstream): string =>
  `${namedOf(upstream)} (${upstream.url === null ? 'at an address not known yet' : new URL(upstream.url).host})`
