import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { machineRegistryOf } from '../../../src/node/composition/machine-registry.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hanse-machine-'))
  await writeFile(join(home, 'npm'), '#!/bin/sh\necho https://said-by-npm.example/\n')
  await chmod(join(home, 'npm'), 0o755)
})
afterAll(() => rm(home, { recursive: true, force: true }))
beforeEach(() => rm(join(home, '.npmrc'), { force: true }))

const variables = (more: object = {}) => ({ HOME: home, PATH: home, ...more })

it('is the variable first, in any case', async () => {
  await writeFile(join(home, '.npmrc'), 'registry=https://file.example/\n')
  for (const name of ['npm_config_registry', 'NPM_CONFIG_REGISTRY']) {
    expect(await machineRegistryOf(variables({ [name]: 'https://variable.example/' }))).toBe(
      'https://variable.example/',
    )
  }
})

it('is what the user’s file says last', async () => {
  const lines = ['; registry=https://no.example/', 'registry = https://a.example/', '@s:registry=https://no.example/']
  await writeFile(join(home, '.npmrc'), `${lines.join('\n')}\n  registry="https://b.example/npm/"\n`)
  expect(await machineRegistryOf(variables())).toBe('https://b.example/npm/')
})

it('is what npm itself says where the file does not, or needs a variable', async () => {
  expect(await machineRegistryOf(variables())).toBe('https://said-by-npm.example/')
  await writeFile(join(home, '.npmrc'), ['registry=https://$', '{REGISTRY}/\n'].join(''))
  expect(await machineRegistryOf(variables())).toBe('https://said-by-npm.example/')
})

it('is an error with the setting to write where there is none', async () => {
  await expect(machineRegistryOf(variables({ PATH: '/nonexistent' }))).rejects.toMatchObject({
    code: 'E_CONFIG',
    hint: expect.stringContaining('upstreams'),
  })
})
