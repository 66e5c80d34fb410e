/** An OSV document about npm's `hull`, with whatever a test changes. */
export function osv(more: object = {}): Record<string, unknown> {
  return {
    schema_version: '1.6.0',
    id: 'GHSA-aaaa-bbbb-cccc',
    modified: '2026-03-01T00:00:00Z',
    summary: 'Leaks below the waterline',
    affected: [affected('hull', [{ introduced: '0' }, { fixed: '1.2.3' }])],
    ...more,
  }
}

/** What an advisory says of one package. */
export const affected = (name: string, events: readonly object[], more: object = {}): object => ({
  package: { ecosystem: 'npm', name },
  ranges: [{ type: 'SEMVER', events }],
  ...more,
})
