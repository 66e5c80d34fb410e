/** What came of one corruption: found out before the last byte left, or the bytes arrived as they should be all the same. */
export type Outcome = 'refused' | 'unaltered' | 'ALTERED' | 'UNREPORTED'

/** Counts of a run by kind of corruption, and what should never happen in words. */
export class Tally {
  readonly counts = new Map<string, Map<Outcome, number>>()
  readonly faults: string[] = []

  add(kind: string, outcome: Outcome, what: string): void {
    const ofKind = this.counts.get(kind) ?? new Map<Outcome, number>()
    ofKind.set(outcome, (ofKind.get(outcome) ?? 0) + 1)
    this.counts.set(kind, ofKind)
    if (outcome === 'ALTERED' || outcome === 'UNREPORTED') this.faults.push(`${outcome} ${kind} ${what}`)
  }

  count(outcome: Outcome): number {
    return this.counts
      .values()
      .map(ofKind => ofKind.get(outcome) ?? 0)
      .reduce((sum, each) => sum + each, 0)
  }
}
