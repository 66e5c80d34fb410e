/** Holds names against a million made-up ones: milliseconds a name and memory. `--names N` takes another number, `--list FILE` real names. */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { TrustedNames } from '../../src/protocol/index.ts'

const AIM_MS = 2
const ASKED = 20_000
const { values } = parseArgs({
  options: { names: { type: 'string', default: '1000000' }, list: { type: 'string' } },
})

/** A small generator with a fixed seed (xorshift), so that every run makes the same names. */
let seed = 0x2545f491
function random(below: number): number {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return (seed >>> 0) % below
}
const pick = (words: readonly string[]): string => words[random(words.length)] ?? ''

const SYLLABLES =
  'ba be bo ca co da de di do fa fi ga go ha in ka ki la le li lo ma me mi mo na ne no pa pe po ra re ri ro sa se si so ta te ti to va vi vo'.split(
    ' ',
  )
const PARTS =
  'react node vue babel eslint plugin webpack loader types util core client server cli config api data json stream cache'.split(
    ' ',
  )
const word = () => Array.from({ length: 2 + random(3) }, () => pick(SYLLABLES)).join('')

/** As names of registries are: words joined, some of them seen everywhere, a third of them in scopes. */
function madeUpName(): string {
  const words = Array.from({ length: 1 + random(3) }, () => (random(2) === 0 ? pick(PARTS) : word()))
  const name = [...words, word()].join(random(10) === 0 ? '.' : '-')
  return random(3) === 0 ? `@${word()}/${name}` : name
}

/** A name with one slip, or one nobody has. */
function askedName(names: readonly string[]): string {
  const name = random(2) === 0 ? (names[random(names.length)] ?? '') : madeUpName()
  const at = 1 + random(Math.max(1, name.length - 2))
  const slips = [
    () => name.slice(0, at) + name.slice(at + 1),
    () => name.slice(0, at) + name[at] + name.slice(at),
    () => name.slice(0, at) + (name[at + 1] ?? '') + (name[at] ?? '') + name.slice(at + 2),
    () => name.replaceAll('-', ''),
    () => name,
  ]
  return slips[random(slips.length)]?.() ?? name
}

const heapOf = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

const names =
  values.list === undefined
    ? [...new Set(Array.from({ length: Math.ceil(Number(values.names) * 1.02) }, madeUpName))].slice(
        0,
        Number(values.names),
      )
    : (await readFile(values.list, 'utf8')).split('\n').filter(line => line !== '')
const asked = Array.from({ length: ASKED }, () => askedName(names))
const before = heapOf()
const began = performance.now()
const trusted = new TrustedNames()
trusted.add(names)
trusted.arrange()
const built = performance.now() - began
const memory = heapOf() - before
const times = asked.map(name => {
  const start = performance.now()
  trusted.lookAlikeOf(name)
  return performance.now() - start
})
times.sort((a, b) => a - b)
const at = (share: number) => (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(3)
const found = asked.filter(name => trusted.lookAlikeOf(name) !== null).length

console.log(`names held against        ${trusted.size}, ${asked.length} asked, ${found} of them look like one`)
console.log(`built in                  ${(built / 1000).toFixed(1)} s`)
console.log(`memory beside the texts   ${mb(memory)}, ${mb(trusted.bytes)} of it the index`)
console.log(`ms a name                 median ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)}; aim ${AIM_MS}`)
