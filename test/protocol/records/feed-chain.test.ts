import { describe, expect, it } from 'vitest'
import { checkNext, headOf, isForkEvidence } from '../../../src/protocol/index.ts'
import { delegate, genesis, ops, rotate, TS, voiding, writerRecord } from './samples.ts'

describe('a feed', () => {
  it('goes on with the record that names its head', () => {
    expect(checkNext(null, genesis)).toBe('ok')
    expect(checkNext(headOf(genesis), delegate)).toBe('ok')
    expect(checkNext(headOf(delegate), voiding)).toBe('ok')
  })

  it('says what is missing before a later record', () => {
    expect(checkNext(headOf(genesis), voiding)).toEqual({ why: 'gap', from: 2 })
    expect(checkNext(null, delegate)).toEqual({ why: 'gap', from: 1 })
  })

  it('tells duplicate, older, fork, wrong predecessor and other feed apart', () => {
    expect(checkNext(headOf(delegate), delegate)).toEqual({ why: 'duplicate' })
    expect(checkNext(headOf(delegate), genesis)).toEqual({ why: 'older' })
    expect(checkNext(headOf(voiding), rotate)).toEqual({ why: 'fork' })
    expect(checkNext({ ...headOf(delegate), id: genesis.id }, voiding)).toEqual({ why: 'wrong-prev' })
    expect(checkNext(headOf(genesis), writerRecord([ops.tag]))).toEqual({ why: 'other-feed' })
  })

  it('is proved forked by two payloads at one place', () => {
    expect(isForkEvidence(voiding, rotate)).toBe(true)
    expect(isForkEvidence(writerRecord([ops.tag]), writerRecord([ops.tag], TS + 1))).toBe(true)
    expect(isForkEvidence(voiding, voiding)).toBe(false)
    expect(isForkEvidence(genesis, delegate)).toBe(false)
  })
})
