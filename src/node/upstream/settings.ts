import { z } from 'zod'

/** How this node shows an upstream who it is. Secrets are named by file, never written into a configuration. */
const credentialsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('bearer'), tokenFile: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('basic'),
    // RFC 7617: a colon would end the user's name.
    username: z.string().regex(/^[^:\p{Cc}]{1,256}$/u),
    passwordFile: z.string().min(1),
  }),
])

/** A registry's address: http(s), perhaps with a path, nothing else in it. Ends with a slash once parsed. */
const baseUrlSchema = z
  .string()
  .max(2048)
  .transform((text, context) => {
    const url = URL.parse(text)
    const isBase = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
    if (isBase && url.username === '' && url.password === '') return url.href.replace(/\/*$/, '/')
    context.addIssue({ code: 'custom', message: 'is not an http(s) URL without credentials, query and fragment' })
    return z.NEVER
  })

const proxyUrlSchema = z
  .string()
  .refine(text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'is not an http(s) URL of a proxy')

/** What one upstream registry is and how it is reached. */
export const upstreamSettingsSchema = z.strictObject({
  /** What routes call it: `upstream/<name>`. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  url: baseUrlSchema,
  credentials: credentialsSchema.default({ kind: 'none' }),
  /** PEM file of certificates trusted in addition to the system's. */
  caFile: z.string().min(1).nullable().default(null),
  /** A proxy's URL, `none` for a direct way, null for what the environment says. */
  proxy: z
    .union([z.literal('none'), proxyUrlSchema])
    .nullable()
    .default(null),
  /** Whether its `time` says when versions of a name new to this node were published. */
  trustTime: z.boolean().default(false),
  /** Ms for which a document is taken as it is. */
  freshMs: z
    .int()
    .min(0)
    .max(24 * 3600_000)
    .default(5 * 60_000),
})
export type UpstreamSettings = z.infer<typeof upstreamSettingsSchema>

/** Proxies that the environment names; '' where it names none. */
export interface ProxyEnvironment {
  readonly httpProxy: string
  readonly httpsProxy: string
  /** Hosts reached directly, separated by commas. */
  readonly noProxy: string
}

/** Reads the proxies of an environment; lower-case names win, as with curl. */
export function proxyEnvironmentOf(environment: Readonly<Record<string, string | undefined>>): ProxyEnvironment {
  const read = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? ''
  return { httpProxy: read('HTTP_PROXY'), httpsProxy: read('HTTPS_PROXY'), noProxy: read('NO_PROXY') }
}
