import { getCACertificates } from 'node:tls'
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici'
import type { UpstreamLimits } from './limits.ts'
import type { ProxyEnvironment, UpstreamSettings } from './settings.ts'

/** Connections of one upstream: its own certificates, its own way through proxies, its own time-outs. */
export function dispatcherOf(
  settings: Pick<UpstreamSettings, 'proxy'>,
  certificates: string | null,
  environment: ProxyEnvironment,
  limits: UpstreamLimits,
): Dispatcher {
  const ca = certificates === null ? {} : { ca: [...getCACertificates('default'), certificates] }
  // HTTP/1.1 alone: its time-outs and bounds are those tested here.
  const tls = { ...ca, timeout: limits.connectMs, allowH2: false }
  const options = {
    connections: limits.connections,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.idleMs,
    allowH2: false,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
  }
  if (settings.proxy === 'none') return new Agent(options)
  if (settings.proxy !== null) return new ProxyAgent({ ...options, uri: settings.proxy })
  return new EnvHttpProxyAgent({ ...options, ...environment })
}
