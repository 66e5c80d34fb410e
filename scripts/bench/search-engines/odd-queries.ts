import type { AskedQuery } from './query-file.ts'

/** Texts that people paste, mistype or send to do harm; an engine must answer each without an error. */
export const ODD_TEXTS: Readonly<Record<string, string>> = {
  empty: '',
  spaces: '   ',
  'one letter': 'a',
  'stop words': 'the of and to in is a for',
  '5,000 characters of one word': 'x'.repeat(5_000),
  '5,000 characters of words': 'search engine for packages '.repeat(200).slice(0, 5_000),
  emoji: '🚀🔥 👩‍👩‍👧',
  CJK: '日本語の形態素解析 中文分词 한국어',
  'names of objects': '__proto__',
  'more names of objects': 'constructor prototype hasOwnProperty',
  '500 repeated words': 'library '.repeat(500),
  '500 different words': Array.from({ length: 500 }, (_, at) => `w${at}`).join(' '),
  'unbalanced quotes': '"json parser',
  operators: `AND OR NOT NEAR( "a" * ) ' ; -- \\ { } ^ : +- ~`,
  'control characters': 'a\u0000b\uFFFF\uD800',
}

export const oddQueryOf = (text: string): AskedQuery => ({ text, filter: {} })
