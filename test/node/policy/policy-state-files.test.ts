import { readdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { checkStateFiles } from '../../../src/node/home/check-state-files.ts'
import { POLICY_STATE_FILES, PolicyState } from '../../../src/node/policy/index.ts'
import { openDataDirectory } from '../../../src/node/storage/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test.each(POLICY_STATE_FILES)('doctor finds a broken %s, and puts it aside when it is to repair', async name => {
  await using paths = await openDataDirectory(join(await temporaryFolder(), 'home'))
  await writeFile(join(paths.state, name), '{ "version": 1, "more": ')
  await expect(PolicyState.open(paths.home, paths.state)).rejects.toMatchObject({ code: 'E_FILE_CORRUPT' })
  const findingsOf = async (repair: boolean) => {
    const found: unknown[] = []
    for await (const { subject, repaired } of checkStateFiles(paths, repair)) found.push([basename(subject), repaired])
    return found
  }
  expect(await findingsOf(false)).toEqual([[name, false]])
  expect(await findingsOf(true)).toEqual([[name, true]])
  expect(await findingsOf(true)).toEqual([])
  await PolicyState.open(paths.home, paths.state)
  expect((await readdir(paths.state)).filter(each => each.startsWith(`${name}.corrupt-`))).toHaveLength(1)
})
