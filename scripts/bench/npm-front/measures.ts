/** What is measured, in the order of the table; `aim`: this node's figure divided by Verdaccio's. */
export const MEASURES = [
  { name: 'cold', what: 'install, cold server and client', unit: 's', aim: null },
  { name: 'warm', what: 'install, warm server', unit: 's', aim: '<= 0.8 x, <= upstream' },
  { name: 'ci', what: 'npm ci, warm server', unit: 's', aim: null },
  { name: 'down', what: 'install, an hour later, upstream down', unit: 's', aim: 'as warm' },
  { name: 'burst', what: 'npm ci at once, warm server, p99', unit: 's', aim: null },
  { name: 'cold-burst', what: 'npm ci at once, cold server, p99', unit: 's', aim: null },
  { name: 'asked', what: '  of which: requests to the upstream', unit: '', aim: null },
  { name: 'packument', what: 'packument of 45 kB', unit: '/s', aim: '>= 8 x' },
  { name: 'react', what: "react's packument", unit: '/s', aim: '>= 100 x' },
  { name: 'tarball', what: 'tarball', unit: '/s', aim: null },
  { name: 'missing', what: '404 of a missing package', unit: '/s', aim: '>= 10 x' },
  { name: 'publish', what: 'publish', unit: 'ms', aim: null },
  { name: 'start', what: 'start to ready', unit: 'ms', aim: null },
  { name: 'memory', what: 'memory after the loads', unit: 'MiB', aim: '<= 1 x' },
] as const satisfies readonly Measure[]

interface Measure {
  readonly name: string
  readonly what: string
  readonly unit: string
  readonly aim: string | null
}

export type MeasureName = (typeof MEASURES)[number]['name']
