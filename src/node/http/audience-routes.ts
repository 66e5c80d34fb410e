import { z } from 'zod'
import { type ApiRoute, route, text } from './api-route.ts'

const peer = text(128)
const peers = z.strictObject({ peers: z.array(peer).min(1).max(1_024) })
const named = z.strictObject({ name: text(32) })

/** Whom listed feeds are for, and who belongs to a private network. */
export const AUDIENCE_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/audiences', 'The audiences of listed feeds', { scope: 'admin' }, s => s.audiences.list()),
  route(
    'POST',
    '/api/audiences/:name',
    'Put peers on the list of an audience, or make it',
    { params: named, body: peers },
    (s, { params, body, who }) => s.audiences.add(params.name, body.peers, who),
  ),
  route(
    'POST',
    '/api/audiences/:name/remove',
    'Take peers off the list of an audience',
    { params: named, body: peers },
    (s, { params, body, who }) => s.audiences.remove(params.name, body.peers, who),
  ),
  route('GET', '/api/members', 'Who belongs to the private network', { scope: 'admin' }, s => s.members.list()),
  route(
    'POST',
    '/api/members',
    'Sign that a peer belongs to the private network',
    { body: z.strictObject({ peer, name: text(64).optional() }) },
    (s, { body, who }) => s.members.add(body.peer, body.name, who),
  ),
  route(
    'DELETE',
    '/api/members/:peer',
    'Sign that a peer no longer belongs to the private network',
    { params: z.strictObject({ peer }) },
    (s, { params, who }) => s.members.remove(params.peer, who),
  ),
]
