import type { Socket } from 'node:net'

const NOT_HTTP = { status: '400 Bad Request', code: 'E_USAGE', message: 'not an HTTP request' }

/** What a connection is refused for before there is a request, by Node's own code. */
const REFUSALS: Readonly<Record<string, typeof NOT_HTTP>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'E_TOO_LARGE',
    message: 'the headers are larger than this node takes',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'E_TOO_SLOW',
    message: 'the request did not arrive in time',
  },
}

/** What is not HTTP, comes too slowly, or has larger headers than Node takes, gets a coded answer and no second chance. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const { status, code, message } = REFUSALS[error.code ?? ''] ?? NOT_HTTP
  const body = JSON.stringify({ error: { code, message } })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
}
