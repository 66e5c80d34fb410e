import { multiaddr as parseMultiaddr } from '@multiformats/multiaddr'
import { z } from 'zod'
import { MIN_LINK_BYTES_PER_SECOND } from '../../federation/index.ts'
import { DEFAULT_MAX_ARTIFACT_BYTES, isCleanName, MAX_CONTACT_BYTES, parsePublisherId } from '../../protocol/index.ts'
import { parseByteSize } from '../cache/byte-size.ts'
import { cacheSettingsSchema } from '../cache/cache-settings.ts'
import { MAX_ADDRESSES, MAX_ALLOWED_PEERS, MAX_RELAYS, MAX_ROUTES, MAX_TRUSTED_PROXIES } from './limits.ts'

function isMultiaddr(text: string): boolean {
  try {
    return parseMultiaddr(text).getComponents().length > 1
  } catch {
    return false
  }
}

const multiaddr = z.string().max(1024).refine(isMultiaddr, 'must be a multiaddr such as /ip4/127.0.0.1/tcp/7701')
const peerMultiaddr = multiaddr.regex(
  /\/p2p\/[1-9A-HJ-NP-Za-km-z]{40,}$/,
  'must end with the peer id, as in /ip4/192.0.2.1/tcp/7701/p2p/12D3KooW…',
)
const contact = z
  .string()
  .refine(
    text => isCleanName(text) && Buffer.byteLength(text) <= MAX_CONTACT_BYTES,
    'must be one short line such as abuse@example.org',
  )
const isLinkCap = (text: string) => text === 'unlimited' || (parseByteSize(text) ?? 0) >= MIN_LINK_BYTES_PER_SECOND
const linkCap = z
  .union([z.int().nonnegative(), z.string().max(32)])
  .transform(String)
  .refine(isLinkCap, 'must be a size such as 2MB, at least 100kB, or unlimited')
const peerId = z
  .string()
  .max(128)
  .regex(/^[1-9A-HJ-NP-Za-km-z]{40,}$/, 'must be a peer id such as 12D3KooW…')
const network = z
  .string()
  .refine(
    text => [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()].some(kind => kind.safeParse(text).success),
    'must be an address or a network such as 10.1.0.0/16',
  )
function isPublisherId(text: string): boolean {
  try {
    return parsePublisherId(text) === text
  } catch {
    return false
  }
}

const routePattern = z
  .string()
  .max(512)
  .regex(/^(\*|[a-z][a-z0-9.+-]*:\S+)$/, 'must be * or a pattern such as npm:@acme/*')
const routeTarget = z
  .string()
  .max(256)
  .regex(
    /^([a-z][a-z0-9-]*|upstream\/[a-z][a-z0-9-]*|bafy[a-z2-7]+|[a-z0-9-]+(\.[a-z0-9-]+)+)$/,
    'must be allowed, nowhere, upstream/NAME or a publisher',
  )

const routeSchema = z.strictObject({
  match: routePattern,
  to: routeTarget,
  /** How an npm client's publish of such a name is released, unless the package itself says; private if it is left out. */
  publish: z.enum(['public', 'private']).optional(),
})

/** One registry that routes may name, as config.yaml and `hanse upstream add` give it. */
export const upstreamSchema = z.strictObject({
  ecosystem: z.enum(['npm', 'pypi', 'cargo', 'maven', 'golang', 'oci']),
  url: z.url({ protocol: /^https?$/ }),
  /** Secrets are named by file, never written here. */
  tokenFile: z.string().min(1).optional(),
  username: z.string().min(1).optional(),
  passwordFile: z.string().min(1).optional(),
  /** PEM file of certificates trusted beside the system's. */
  caFile: z.string().min(1).optional(),
  /** A proxy's URL, or `none`; unset: what the environment says. */
  proxy: z.string().min(1).optional(),
  /** Whether its `time` says when versions of a name new to this node were published. */
  trustTime: z.boolean().optional(),
  /** What other nodes know it by; without it nothing is told of it but of `npmjs`. */
  shareAs: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,63}$/)
    .optional(),
})

/** Bytes that a quota may allow at most: a tebibyte. */
const MAX_FOLLOW_BYTES = 2 ** 40

/** The whole of config.yaml; every key has a default, unknown keys are errors. */
export const configSchema = z.strictObject({
  profile: z.enum(['publisher', 'company', 'mirror']).default('publisher'),
  network: z
    .strictObject({
      mode: z.enum(['off', 'private', 'public']).default('public'),
      id: z
        .string()
        .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
        .default('main'),
      listen: z.array(multiaddr).max(MAX_ADDRESSES).default(['/ip4/0.0.0.0/tcp/7701']),
      announce: z.array(multiaddr).max(MAX_ADDRESSES).default([]),
      bootstrap: z.array(peerMultiaddr).max(MAX_ADDRESSES).default([]),
      allow: z.array(peerId).max(MAX_ALLOWED_PEERS).default([]),
      /** Mode private: the publisher that signs who belongs to the network. */
      authority: z.string().max(128).refine(isPublisherId, 'must be a publisher id such as bafy…').optional(),
      mdns: z.boolean().default(false),
      /** Whom to tell of abuse: an address of mail or a page, told to every node. */
      contact: contact.optional(),
      /** What all peers together may take and bring, bytes a second. */
      upBytesPerSecond: linkCap.default('unlimited'),
      downBytesPerSecond: linkCap.default('unlimited'),
      /** Nodes that cannot be dialled are reached through this one. */
      relay: z.boolean().default(false),
      /** Relays through which this node is reached. */
      relays: z.array(peerMultiaddr).max(MAX_RELAYS).default([]),
      /** Whether connected peers that say they are relays are used where none is named and nobody could dial this node. */
      findRelays: z.boolean().default(true),
      /** Connections that come from one IPv4 address or one /64 of IPv6: a company behind one address has many nodes. */
      inboundPerAddress: z.int().min(1).max(300).default(64),
      /** Connections that come from one /16 of IPv4 or one /32 of IPv6. */
      inboundPerRange: z.int().min(1).max(300).default(128),
      /** How long installs wait, after an absence, for peers to tell what happened meanwhile: a node that hears none serves what it has. */
      catchUpMs: z.int().min(0).max(600_000).default(5_000),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().min(1).max(255).default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(7700),
      publicUrl: z.url({ protocol: /^https?$/ }).optional(),
      /** Whoever reaches the address may read; writing always needs a token. */
      openReads: z.boolean().default(false),
      /** Whoever reaches the address may have the bytes of public releases, by their digest. */
      publicBytes: z.boolean().default(false),
      /** Proxies whose X-Forwarded-* headers are believed. */
      trustedProxies: z.array(network).max(MAX_TRUSTED_PROXIES).default([]),
    })
    .prefault({}),
  routes: z
    .array(routeSchema)
    .max(MAX_ROUTES)
    .default([{ match: '*', to: 'allowed' }]),
  upstreams: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), upstreamSchema).default({}),
  cache: cacheSettingsSchema.prefault({}),
  share: z
    .strictObject({
      /** State in the public feed what was pulled from upstreams, and serve it to peers. */
      upstreams: z.boolean().default(false),
      /** How long peers get to the first byte of an upstream's artifact before the upstream is asked. */
      peerTimeoutMs: z.int().min(0).max(60_000).default(200),
    })
    .prefault({}),
  snapshots: z
    .strictObject({
      /** Pack the public feeds held here every few hours, for nodes that join. */
      make: z.boolean().default(false),
      /** Whose snapshots a node takes that follows many publishers and holds nothing of them; `known`: of pinned and bootstrap peers. */
      join: z.enum(['known', 'any', 'never']).default('known'),
    })
    .prefault({}),
  /** What publishers may take whom `hanse follow '*'` brings and nobody here chose. */
  follow: z
    .strictObject({
      recordsPerDay: z.int().min(1).max(1_000_000_000).default(1_000),
      bytesPerDay: z
        .int()
        .min(1)
        .max(MAX_FOLLOW_BYTES)
        .default(4 << 20),
      bytesEach: z
        .int()
        .min(1)
        .max(MAX_FOLLOW_BYTES)
        .default(64 << 20),
      maxPublishers: z.int().min(1).max(100_000).default(10_000),
      maxBytes: z
        .int()
        .min(1)
        .max(MAX_FOLLOW_BYTES)
        .default(1 << 30),
    })
    .prefault({}),
  search: z.strictObject({ deadlineMs: z.int().min(0).max(60_000).default(300) }).prefault({}),
  limits: z
    .strictObject({
      artifactBytes: z
        .int()
        .min(1)
        .max(2 ** 40)
        .default(DEFAULT_MAX_ARTIFACT_BYTES),
    })
    .prefault({}),
})

/** A checked configuration with every default filled in. */
export type Config = z.infer<typeof configSchema>
/** A registry that routes may name. */
export type UpstreamSetting = z.infer<typeof upstreamSchema>
/** One line of the route table. */
export type RouteSetting = z.infer<typeof routeSchema>
