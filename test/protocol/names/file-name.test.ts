import { expect, test } from 'vitest'
import { isPlainFileName } from '../../../src/protocol/index.ts'

test.each(['x-1.0.0.tgz', 'foo_bar-1.0-py3-none-any.whl', 'a+b@c!d~.bin', 'x'.repeat(255), 'context.txt'])(
  '%s can be written everywhere',
  name => expect(isPlainFileName(name)).toBe(true),
)

test.each([
  ...['', '.', '..', '.bashrc', '-rf', 'a b', 'a/b', 'a\\b', 'a\u0000b', 'a\nb', 'ä.bin', 'a:b', 'a*', '$HOME', 'end.'],
  ...['nul', 'CON.txt', 'lpt1.tgz', 'x'.repeat(256)],
])('%j cannot', name => expect(isPlainFileName(name)).toBe(false))
