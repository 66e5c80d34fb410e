/** That a client will find only what publishers released, for people who expect a whole registry; null where an upstream is routed to. */
export function unroutedNoteOf(
  routes: readonly { readonly match: string; readonly to: string }[],
  scope: string | null,
): string | null {
  const leadsUpstream = ({ match, to }: { readonly match: string; readonly to: string }) =>
    to.startsWith('upstream/') && (match === '*' || match.startsWith('npm:'))
  if (scope !== null || routes.some(leadsUpstream)) return null
  return "no route leads to a registry, so only what publishers released is found: hanse route add 'npm:*' upstream/npmjs"
}
