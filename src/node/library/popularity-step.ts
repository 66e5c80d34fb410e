/** Half a doubling: less moves no hit past another by more than a tenth of a point. */
const NOTICEABLE_DOUBLINGS = 0.5

/** Whether a popularity differs so much from the one that was written down that search should hear of it. */
export function hasMoved(written: number, now: number): boolean {
  return Math.abs(Math.log2((1 + now) / (1 + written))) >= NOTICEABLE_DOUBLINGS
}
