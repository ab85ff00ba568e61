import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demo, ledgerOf } from './run-demo.ts'

describe('the demo on memory:', () => {
  it('completes a thousand requests, corrects the poison, and loses nothing', { timeout: 60_000 }, async () => {
    const { code, out, err } = await demo()
    expect(err).toBe('')
    expect(ledgerOf(out)).toEqual({
      in: 1000,
      completed: 1000,
      mails: 1000,
      redelivered: 16,
      'dead-lettered': 8,
      redriven: 8,
      'left behind': 0,
      lost: 0,
      duplicates: 0,
    })
    expect(out).toContain('er-0017  billing, 3 attempts: there is no account "ACC-85l657"  → corrected to "ACC-851657"')
    // Not on a terminal: nothing but text.
    expect(out).not.toContain('\u001b')
    expect(code).toBe(0)
  })

  it('loses nothing where messages come twice, out of order, and sessions are lost', { timeout: 120_000 }, async () => {
    const { code, out, err } = await demo([], { BROKER_URL: 'memory:?profile=harsh' })
    expect(err).toBe('')
    const ledger = ledgerOf(out)
    expect(ledger).toMatchObject({ in: 1000, completed: 1000, mails: 1000, 'left behind': 0, lost: 0 })
    expect(ledger['redelivered']).toBeGreaterThan(16)
    expect(code).toBe(0)
  })
})

describe('what is wrong is said in one sentence', () => {
  let folder = ''
  const request = {
    id: 'er-1',
    name: 'A',
    email: 'a@example.org',
    account: 'ACC-1',
    receivedAt: '2026-03-02T08:00:00Z',
  }
  const file = async (name: string, ...lines: readonly string[]) => {
    const to = path.join(folder, name)
    await writeFile(to, lines.join('\n'))
    return to
  }
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'demo-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('a missing file', async () => {
    expect(await demo(['missing.ndjson'])).toEqual({ code: 1, out: '', err: '"missing.ndjson" does not exist.\n' })
  })

  it('a bad line, before anything is sent', async () => {
    const bad = await file(
      'bad.ndjson',
      JSON.stringify(request),
      JSON.stringify({ ...request, id: 'er-2', email: 'x' }),
    )
    expect(await demo([bad])).toEqual({
      code: 1,
      out: '',
      err: `${JSON.stringify(bad)}, line 2: "email" must be an address.\n`,
    })
  })

  it('an unknown scheme', async () => {
    const { code, out, err } = await demo([], { BROKER_URL: 'nonsense://bob:hunter2@host' })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('nonsense')
    expect(err).not.toContain('hunter2')
    expect(err.trim().split('\n').length).toBe(1)
  })

  it('an unknown option, and two files', async () => {
    expect(await demo(['--fast'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining("'--fast'") as string,
    })
    expect(await demo(['a', 'b'])).toEqual({ code: 1, out: '', err: 'One file at a time: "b" is one too many.\n' })
    expect(await demo(['--deadline', '0'])).toMatchObject({ code: 1, err: '--deadline must be 1 to 86400 seconds.\n' })
  })

  it('a request that only a person can help', async () => {
    const { code, out, err } = await demo([await file('hopeless.ndjson', JSON.stringify(request))])
    expect(err).toBe('Only a person can help er-1 (billing: there is no account "ACC-1").\n')
    expect(ledgerOf(out)).toMatchObject({
      in: 1,
      completed: 0,
      'dead-lettered': 1,
      redriven: 0,
      'left behind': 1,
      lost: 0,
    })
    expect(code).toBe(1)
  })

  it('a deadline that is over', async () => {
    const { code, out, err } = await demo(['--deadline', '0.2'])
    expect(err).toMatch(
      /^Gave up after 0\.2 s; (?:unfinished: er-\d+ \(.+\) and [\d,]+ more|not all requests could be published)\.\n$/,
    )
    if (out !== '') expect(ledgerOf(out)['completed']).toBeLessThan(1000)
    expect(code).toBe(1)
  })
})
