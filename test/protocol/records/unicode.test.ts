import { describe, expect, it } from 'vitest'
import { isCleanName, isUnassigned } from '../../../src/protocol/index.ts'

describe('text', () => {
  it.runIf(process.versions.unicode === '17.0')('knows the unassigned code points of Unicode 17.0', () => {
    let runs = 0
    let wrong = 0
    let last = false
    for (let point = 0; point <= 0x10ffff; point++) {
      const unassigned = isUnassigned(point)
      if (unassigned !== /\p{Cn}/u.test(String.fromCodePoint(point))) wrong++
      if (unassigned && !last) runs++
      last = unassigned
    }
    expect({ runs, wrong }).toEqual({ runs: 735, wrong: 0 })
  })

  it('calls a name clean without control, bidi and unassigned characters', () => {
    expect(['left-pad', 'Grüße', '日本', 'a b'].map(isCleanName)).toEqual([true, true, true, true])
    const unclean = [
      '',
      'a\nb',
      'a\u0000',
      'a\u0085',
      'a\u202eb',
      'a\u2066b',
      'a\u200fb',
      'a\u2028',
      'a\u0378',
      '\ud800',
    ]
    expect(unclean.filter(isCleanName)).toEqual([])
  })
})
