/** Letters of other scripts that look like a Latin one in common fonts: the part of Unicode TR39's table that names are made of. */
const CONFUSABLES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аα',
    b: 'ьƅ',
    c: 'сϲ',
    d: 'ԁ',
    e: 'еє',
    g: 'ɡ',
    h: 'һ',
    i: 'іιı',
    j: 'ј',
    k: 'кκ',
    l: 'ӏɩ',
    m: 'м',
    n: 'пη',
    o: 'оοσөօ',
    p: 'рρ',
    q: 'ԛ',
    r: 'гг',
    s: 'ѕ',
    t: 'тτ',
    u: 'υս',
    v: 'νѵ',
    w: 'ԝω',
    x: 'хχ',
    y: 'уγү',
  }).flatMap(([latin, others]) => [...others].map(other => [other, latin] as const)),
)
/** Digits and pairs that read as a letter. */
const READS_AS: readonly (readonly [RegExp, string])[] = [
  [/0/g, 'o'],
  [/1/g, 'l'],
  [/rn/g, 'm'],
  [/vv/g, 'w'],
]
// biome-ignore lint/suspicious/noControlCharactersInRegex: the fast path is exactly the ASCII characters
const ASCII = /^[\u0000-\u007f]*$/

/** A name in lower-case Latin letters where that is what it looks like: accents dropped, other scripts' letters read as Latin. */
export function plainOf(name: string): string {
  const lower = name.toLowerCase()
  if (ASCII.test(lower)) return lower
  const bare = lower.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return [...bare].map(letter => CONFUSABLES.get(letter) ?? letter).join('')
}

/** A plain name without what separates its words and its scope. */
export const lettersOf = (plain: string): string => plain.replace(/[-_.@/~]+/g, '')

/** Letters as a hasty eye reads them: `0` as o, `1` as l, `rn` as m, `vv` as w. */
export function readingOf(letters: string): string {
  if (!/[01]|rn|vv/.test(letters)) return letters
  return READS_AS.reduce((text, [from, to]) => text.replace(from, to), letters)
}
