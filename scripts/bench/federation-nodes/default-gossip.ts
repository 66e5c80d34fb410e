/** Loaded before a process of the benchmark: its nodes gossip with gossipsub's defaults instead of this project's settings. */
import { registerHooks } from 'node:module'

const DEFAULTS = new URL('./default-gossip-options.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith('/gossip-options.ts') ? { url: DEFAULTS, shortCircuit: true } : next(specifier, context),
})
