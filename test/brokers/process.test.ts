import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { end, gone, identify, isAlive, signal, spawnDetached, type ProcessId } from './process.ts'
import { until } from './until.ts'

let folder: string
let log: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'anybroker-process-'))
  log = join(folder, 'log')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const node = (script: string): Promise<ProcessId> =>
  spawnDetached([process.execPath, '-e', script], { env: process.env, log, cwd: folder })

test('a process lives until it is asked to end', async () => {
  const id = await node('console.log("hello"); setInterval(() => {}, 1000)')
  expect(isAlive(id)).toBe(true)
  await until('its word', () => readFileSync(log, 'utf8').includes('hello'), { timeoutMs: 10_000 })
  await end(id, { graceMs: 5_000 })
  expect(isAlive(id)).toBe(false)
  expect(signal(id, 'SIGTERM')).toBe(false)
})

test('one that does not obey is killed when its grace is over', async () => {
  const id = await node('process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000)')
  await until('its word', () => readFileSync(log, 'utf8').includes('deaf'), { timeoutMs: 10_000 })
  await end(id, { graceMs: 200 })
  expect(isAlive(id)).toBe(false)
})

test('one that is frozen is thawed so that it can obey', async () => {
  const id = await node(
    'process.on("SIGTERM", () => { console.log("bye"); process.exit() }); console.log("up"); setInterval(() => {}, 1000)',
  )
  await until('its word', () => readFileSync(log, 'utf8').includes('up'), { timeoutMs: 10_000 })
  signal(id, 'SIGSTOP')
  await end(id, { graceMs: 5_000 })
  expect(readFileSync(log, 'utf8')).toContain('bye')
})

test.runIf(process.platform === 'linux')('a zombie is dead', async () => {
  // A shell that never reaps its child, because it has become another program.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(String(line))
    const id = identify(pid)
    if (id !== undefined) await gone(id, 5_000)
    expect(identify(pid)).toBeUndefined()
    expect(process.kill(pid, 0)).toBe(true) // and yet it can be signalled
  } finally {
    parent.kill('SIGKILL')
  }
})

test('a pid that came to somebody else is left alone', () => {
  const stranger: ProcessId = { pid: process.pid, began: 'at another time' }
  expect(isAlive(stranger)).toBe(false)
  expect(signal(stranger, 'SIGKILL')).toBe(false)
})
