import { expect, test } from 'vitest'
import { ApiClient } from '../../src/cli/api-client.ts'

test.each(['http://127.0.0.1:7700', 'http://localhost', 'http://[::1]:7700', 'https://packages.example'])(
  'a token may go to %s',
  url => {
    expect(() => new ApiClient(url, 'secret')).not.toThrow()
  },
)

test.each(['http://packages.example', 'http://192.0.2.7:7700', 'http://localhost.example', 'http://127.0.0.1.example'])(
  'no token leaves this machine in the clear to %s',
  url => {
    expect(() => new ApiClient(url, 'secret')).toThrow(expect.objectContaining({ code: 'E_PLAIN_HTTP' }))
    expect(() => new ApiClient(url)).not.toThrow()
  },
)
