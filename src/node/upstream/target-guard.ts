import { BlockList, isIP } from 'node:net'
import { UpstreamError } from './errors.ts'
import { MAX_URL_CHARS } from './limits.ts'

const LOCAL = new BlockList()
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  LOCAL.addSubnet(address, bits)
}
LOCAL.addAddress('::', 'ipv6')
LOCAL.addAddress('::1', 'ipv6')
LOCAL.addSubnet('fc00::', 7, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')

/**
 * A URL that an upstream named, as a document or a redirect does, made absolute and checked: http(s), never from https to
 * http, and never from a registry elsewhere to an address inside (link-local metadata services, this machine).
 * @throws UpstreamError E_UPSTREAM_ANSWER.
 */
export function targetOf(text: string, from: URL, upstream: URL): URL {
  const url = text.length > MAX_URL_CHARS ? null : URL.parse(text, from.href)
  if (url === null || !/^https?:$/.test(url.protocol)) refuse('names a place that is no http(s) URL')
  if (from.protocol === 'https:' && url.protocol !== 'https:') refuse(`leads from https to http (${url.host})`)
  if (url.origin !== upstream.origin && isLocal(url) && !isLocal(upstream)) refuse(`leads inside, to ${url.host}`)
  url.username = ''
  url.password = ''
  url.hash = ''
  return url

  function refuse(why: string): never {
    throw new UpstreamError('E_UPSTREAM_ANSWER', `${from.host} ${why}`)
  }
}

/** Whether a URL's host is written as a local address or name. What a name resolves to is not looked at. */
function isLocal({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const family = isIP(host)
  if (family === 0) return host === 'localhost' || host.endsWith('.localhost')
  return LOCAL.check(host, family === 6 ? 'ipv6' : 'ipv4')
}
