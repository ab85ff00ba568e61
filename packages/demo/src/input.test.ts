import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InputError, parseRequests, readRequests } from './input.ts'

const request = (more: object = {}) => ({
  id: 'er-1',
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  account: 'ACC-004711',
  receivedAt: '2026-03-02T08:00:00Z',
  ...more,
})
const refusal = (text: string) => {
  try {
    parseRequests('"in"', text)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  return 'accepted'
}

describe('parseRequests', () => {
  it('reads one request per line and passes over empty lines', () => {
    const text = `\n${JSON.stringify(request())}\r\n  \n${JSON.stringify(request({ id: 'er-2' }))}`
    expect(parseRequests('"in"', text)).toEqual([request(), request({ id: 'er-2' })])
  })

  it.each([
    ['{', 'this is not JSON.'],
    ['[]', '"id" is missing.'],
    ['null', 'a request must be an object.'],
    [JSON.stringify(request({ email: 'ada' })), '"email" must be an address.'],
    [JSON.stringify(request({ account: '' })), '"account" must be an account of 1 to 40 characters.'],
    [JSON.stringify(request({ account: 4711 })), '"account" must be an account of 1 to 40 characters.'],
    [JSON.stringify(request({ id: 'a b' })), '"id" must have 1 to 64 of A-Z a-z 0-9 _ -.'],
    [JSON.stringify(request({ name: undefined })), '"name" is missing.'],
    [JSON.stringify(request({ surname: 'L' })), '"surname" is not a field of a request.'],
    [JSON.stringify(request({ receivedAt: 'now' })), '"receivedAt" must be a time such as 2026-03-02T08:00:00Z.'],
  ])('says in a sentence what is wrong with %s', (line, what) => {
    expect(refusal(`\n${line}\n`)).toBe(`"in", line 2: ${what}`)
  })

  it('refuses a request that stands there twice', () => {
    const line = JSON.stringify(request())
    expect(refusal(`${line}\n${line}`)).toBe('"in", line 2: the request er-1 stands on line 1 already.')
  })
})

describe('readRequests', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'demo-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('says in a sentence what is wrong with a file', async () => {
    const missing = path.join(folder, 'missing.ndjson')
    await expect(readRequests(missing)).rejects.toThrow(`${JSON.stringify(missing)} does not exist.`)
    await expect(readRequests(folder)).rejects.toThrow(`${JSON.stringify(folder)} is a directory.`)
    const binary = path.join(folder, 'binary')
    await writeFile(binary, Uint8Array.of(0xff, 0xfe))
    await expect(readRequests(binary)).rejects.toThrow('is not UTF-8 text.')
    const empty = path.join(folder, 'empty')
    await writeFile(empty, '\n\n')
    await expect(readRequests(empty)).rejects.toThrow('holds no requests.')
  })

  it('reads the thousand that come with the demo', async () => {
    const requests = await readRequests(fileURLToPath(new URL('../requests.ndjson', import.meta.url)))
    expect(requests.length).toBe(1000)
    expect(requests.filter(({ account }) => !/^ACC-\d{6}$/.test(account)).length).toBe(8)
  })
})
