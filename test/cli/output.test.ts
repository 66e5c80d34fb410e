import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { AnsweredError, CliError } from '../../src/cli/errors.ts'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { Output } from '../../src/cli/output.ts'
import { fieldsOf, linesOf, tableOf } from '../../src/cli/view.ts'

function capture(json: boolean) {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const output = new Output(json, { out, err })
  return { output, out: () => String(out.read() ?? ''), err: () => String(err.read() ?? '') }
}

test('an error shows its code, what, cause and help', () => {
  const { output, out, err } = capture(false)
  const error = new CliError('E_FILE', 'cannot be written', { cause: new Error('disk full'), hint: 'make room' })
  expect(output.error(error)).toBe(1)
  expect(err()).toBe('error[E_FILE]: cannot be written\n  cause: disk full\nhelp: make room\n')
  expect(out()).toBe('')
})

test('several helping commands stand one a line', () => {
  const { output, err } = capture(false)
  output.error(new CliError('E_USAGE', 'choose', { hint: "hanse allow a 'x'\nhanse allow b 'x'" }))
  expect(err()).toBe("error[E_USAGE]: choose\nhelp: hanse allow a 'x'\nhelp: hanse allow b 'x'\n")
})

test('the codes of a node become the exit codes that scripts rely on', () => {
  const expected = {
    E_NOT_FOUND: 3,
    E_UNAUTHORISED: 4,
    E_NO_ROUTE: 5,
    E_AMBIGUOUS: 5,
    E_ARTIFACT_ALTERED: 5,
    E_POLICY_DENIED: 5,
    E_ARCHIVE_BOMB: 5,
    E_NO_PROVIDER: 6,
    E_NETWORK: 6,
    E_NO_NODE: 6,
    E_CONFIG: 2,
    E_USAGE: 2,
    E_INTERRUPTED: 130,
    E_INTERNAL: 1,
    E_NEVER_HEARD_OF: 1,
  }
  for (const [code, exit] of Object.entries(expected)) {
    expect([code, exitCodeOf(code)]).toEqual([code, exit])
    expect(capture(true).output.error(new AnsweredError(code, 'x'))).toBe(exit)
  }
})

test('a live line takes the place of the last, is cut to the terminal, and is gone before anything else is printed', () => {
  const [out, err] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: true, columns: 20 })]
  const output = new Output(false, { out, err })
  const erase = '\r\u001b[K'
  const text = () =>
    String(err.read() ?? '')
      .split(erase)
      .map(stripVTControlCharacters)
  output.live('half of it')
  output.live(`forged\rline ${'x'.repeat(40)}`)
  expect(text()).toEqual(['', 'half of it', 'forged\ufffdline xxxxxx…'])
  output.progress('next')
  expect(text()).toEqual(['', 'next\n'])
  output.live('more')
  output.error(new CliError('E_FILE', 'gone'))
  expect(text()).toEqual(['', 'more', 'error[E_FILE]: gone\n'])
  output.live('more')
  output.result({}, linesOf('done'))
  output.live(null)
  expect(text()).toEqual(['', 'more', ''])
})

test('nobody is shown a live line with --json or without a terminal', () => {
  const err = Object.assign(new PassThrough(), { isTTY: true })
  const json = new Output(true, { out: new PassThrough(), err })
  json.live('half of it')
  json.live(null)
  expect([json.isWatched, err.read()]).toEqual([false, null])
  const piped = capture(false)
  piped.output.live('half of it')
  expect([piped.output.isWatched, piped.err()]).toEqual([false, ''])
})

test("texts of strangers' packages cannot steer the terminal", () => {
  const { output, out } = capture(false)
  output.result({}, linesOf('a\u001b]0;owned\u0007b\u202egnp.exe\nforged line'))
  output.result({}, fieldsOf({ description: 'a\u001b[2J' }))
  output.result({}, tableOf(['X'], [['\u009b31m']], 'none'))
  const text = out()
  for (const evil of ['\u001b', '\u0007', '\u202e', '\u009b']) expect(text).not.toContain(evil)
  expect(text.split('\n')).toHaveLength(5)
})

test('with json a result is exactly one document', () => {
  const { output, out, err } = capture(true)
  output.result({ purl: 'pkg:npm/x' }, linesOf('ignored'))
  output.progress('ignored')
  expect([out(), err()]).toEqual(['{"purl":"pkg:npm/x"}\n', ''])
})

test('a cause of many lines is indented and bounded, and a message is one line', () => {
  const { output, err } = capture(false)
  const cause = new Error(`npm error code EJSON\n\nerror[E_FORGED]: x\n${'z\n'.repeat(50)}`)
  output.error(new CliError('E_NPM', 'npm pack failed\nhelp: rm -rf /', { cause }))
  const lines = err().trimEnd().split('\n')
  expect(lines.slice(0, 3)).toEqual([
    'error[E_NPM]: npm pack failed help: rm -rf /',
    '  cause: npm error code EJSON',
    '         error[E_FORGED]: x',
  ])
  expect(lines).toHaveLength(7)
  expect(lines.join('')).not.toContain('\ufffd')
})
