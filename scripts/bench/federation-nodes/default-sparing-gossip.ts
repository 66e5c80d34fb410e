/** Gossipsub as it is: it sends and offers messages as it likes. */
export function spareKnown(): void {}
