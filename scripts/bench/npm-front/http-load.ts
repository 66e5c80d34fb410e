import { Client } from 'undici'

/** One request, again and again. */
export interface LoadedRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
}

/** What npm 11 sends when it installs. */
export const NPM_HEADERS = { accept: 'application/json', 'accept-encoding': 'gzip, deflate', 'user-agent': 'npm/11' }

export const CONNECTIONS = 32

/** Answers a second over `CONNECTIONS` kept connections, each with one request at a time, for `ms`. */
export async function loadOf(origin: string, request: LoadedRequest, ms: number): Promise<number> {
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(origin, { pipelining: 1 }))
  try {
    const began = performance.now()
    const isOver = () => performance.now() - began >= ms
    const counts = await Promise.all(clients.map(client => repeat(client, request, isOver)))
    return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - began) / 1000)
  } finally {
    await Promise.all(clients.map(client => client.destroy()))
  }
}

async function repeat(client: Client, { path, headers, status }: LoadedRequest, isOver: () => boolean) {
  let count = 0
  while (!isOver()) {
    const found = await exchange(client, path, headers)
    if (found !== status) throw new Error(`${path} answered ${found}, not ${status}`)
    count++
  }
  return count
}

/** One request, its body thrown away as it comes; the status. */
function exchange(client: Client, path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0
    client.dispatch(
      { path, method: 'GET', headers },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, statusCode) => {
          status = statusCode
        },
        onResponseData: () => {},
        onResponseEnd: () => resolve(status),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
}
