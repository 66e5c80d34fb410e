import type { SearchStore } from '../../../src/node/index/index.ts'

/** How an operation goes wrong: neither it nor any later one ends, as at a crash; or it alone is refused, done or not. */
export type Failure = 'stops before' | 'stops halfway' | 'stops after' | 'is refused' | 'is refused though done'

/** A store whose `batch` or `clear` number `at`, from 0, goes wrong. */
export function failingStore(store: SearchStore, at: number, failure: Failure) {
  const asked: ('batch' | 'clear')[] = []
  let isStopped = false
  const stopped = Promise.withResolvers<void>()
  const never = new Promise<never>(() => {})

  type Work = () => Promise<void>
  const run = async (operation: 'batch' | 'clear', whole: Work, half: Work): Promise<void> => {
    if (isStopped) return await never
    if (asked.push(operation) - 1 !== at) return await whole()
    if (failure === 'stops after' || failure === 'is refused though done') await whole()
    if (failure === 'is refused' || failure === 'is refused though done') throw new Error('refused')
    isStopped = true
    if (failure === 'stops halfway') await half()
    stopped.resolve()
    return await never
  }

  /** The keys of a range go one after another: a crash may find any of them gone. */
  const clearHalf = async (range: Parameters<SearchStore['clear']>[0]): Promise<void> => {
    const keys: string[] = []
    for await (const [key] of store.iterator(range)) keys.push(key)
    await store.batch(
      keys.filter((_, i) => i % 2 === 0).map(key => ({ type: 'del', key })),
      {},
    )
  }

  const failing = new Proxy(store, {
    get(target, name) {
      if (name === 'batch') {
        return (...args: Parameters<SearchStore['batch']>) =>
          run(
            'batch',
            () => target.batch(...args),
            async () => {},
          )
      }
      if (name === 'clear') {
        return (range: Parameters<SearchStore['clear']>[0]) =>
          run(
            'clear',
            () => target.clear(range),
            () => clearHalf(range),
          )
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    store: failing,
    /** Resolves when the operation stopped. */
    stopped: stopped.promise,
    /** The operations asked for so far. */
    asked: asked as readonly ('batch' | 'clear')[],
  }
}
