/** A process of the benchmark: one contender that serves or receives. Ends with its parent. */
import type { Contender, ContenderName } from './contender.ts'
import { hypercoreContender } from './hypercore-contender.ts'
import type { Answer, Request, Task, Used } from './messages.ts'
import { orbitdbContender } from './orbitdb-contender.ts'
import { oursContender } from './ours-contender.ts'

const CONTENDERS: Readonly<Record<ContenderName, Contender>> = {
  ours: oursContender({ isWhole: false, bySnapshot: false }),
  node: oursContender({ isWhole: true, bySnapshot: false }),
  snapshot: oursContender({ isWhole: false, bySnapshot: true }),
  'node-snapshot': oursContender({ isWhole: true, bySnapshot: true }),
  hypercore: hypercoreContender,
  orbitdb: orbitdbContender,
}

const [packages = '', text = ''] = process.argv.slice(2)
const task = JSON.parse(text) as Task
const contender = CONTENDERS[task.contender]
const place = { folder: task.folder, packages }

process.on('disconnect', () => process.exit())
if (task.do === 'serve') {
  const served = await contender.serve(task.file, place)
  process.on('message', () => tell({ is: 'used', used: used() }))
  tell({ is: 'ready', address: served.address })
} else {
  const opened = await contender.open(place)
  process.on('message', async (request: Request) => {
    if (request.do !== 'begin') return
    const before = used()
    const began = performance.now()
    await opened.receive(request)
    const ms = performance.now() - began
    const { cpuMs, peakBytes } = used()
    tell({ is: 'done', ms, used: { cpuMs: cpuMs - before.cpuMs, peakBytes } })
    await opened[Symbol.asyncDispose]()
    process.exit()
  })
  tell({ is: 'ready', address: '' })
}

function tell(answer: Answer): void {
  process.send?.(answer)
}

function used(): Used {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000, peakBytes: process.resourceUsage().maxRSS * 1_024 }
}
