import type { SearchStore } from '../../../src/node/index/index.ts'

/** A store that notes the keys that are read of it one by one. */
export function watchedStore(store: SearchStore) {
  const read: string[] = []
  const watched = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (String(name).startsWith('get')) read.push(...[args[0] as string | string[]].flat())
        return value.apply(target, args)
      }
    },
  })
  return { store: watched, read }
}
