/** Loaded before a process of the benchmark: its nodes gossip with gossipsub's defaults instead of this project's settings. */
import { registerHooks } from 'node:module'

const DEFAULTS: ReadonlyMap<string, string> = new Map(
  ['gossip-options.ts', 'sparing-gossip.ts'].map(ours => [ours, new URL(`./default-${ours}`, import.meta.url).href]),
)

registerHooks({
  resolve: (specifier, context, next) => {
    const url = specifier.startsWith('.') ? DEFAULTS.get(specifier.slice(specifier.lastIndexOf('/') + 1)) : undefined
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
})
