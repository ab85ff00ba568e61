// What is asked of Docker, by a stand-in for its command: machines without an engine can test no more than that.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { known, up, urlVariable, type Broker } from './brokers.ts'
import { startNative } from './native/broker.ts'
import { folderOf, readState } from './state.ts'

let folder: string
let asked: string
let container: Broker

beforeAll(async () => {
  delete process.env[urlVariable('fauxqs')]
  folder = mkdtempSync(join(tmpdir(), 'anybroker-docker-'))
  asked = join(folder, 'asked')
  // Notes what follows "compose" and its options; knows of one service once it was asked to bring one up.
  const script = `#!/bin/sh
[ "$1" = info ] && exit 0
shift
while case "$1" in --*) true;; *) false;; esac; do shift 2; done
case "$1" in version) exit 0;; up) touch '${folder}/started';; rm) rm -f '${folder}/started';; esac
[ "$1" = ps ] && { [ ! -e '${folder}/started' ] || echo fauxqs; exit 0; }
echo "$@" >> '${asked}'
`
  writeFileSync(join(folder, 'docker'), script)
  chmodSync(join(folder, 'docker'), 0o755)
  process.env['PATH'] = folder + delimiter + (process.env['PATH'] ?? '')
  // What answers in place of the container.
  container = await startNative('fauxqs', join(folder, 'container'))
  process.env['FAUXQS_PORT'] = new URL(container.url).port
})

afterEach(() => rmSync(asked, { force: true }))

afterAll(async () => {
  await container.down()
  rmSync(folder, { recursive: true, force: true })
})

function wasAsked(): readonly string[] {
  return existsSync(asked) ? readFileSync(asked, 'utf8').trimEnd().split('\n') : []
}

// A shared one of this work tree goes before all.
const taken = readState(folderOf('fauxqs')) !== undefined

test.skipIf(taken)(
  'where an engine of Docker answers, it brings the broker up, and down again with its data',
  async () => {
    const broker = await up('fauxqs')
    expect(broker).toMatchObject({ origin: 'compose', url: container.url })
    expect((await known('fauxqs'))?.origin).toBe('compose')
    await up('fauxqs') // it runs: nothing to do
    await broker.down()
    expect(wasAsked()).toEqual(['up --detach --wait fauxqs', 'rm --stop --force --volumes fauxqs'])
    expect(await known('fauxqs')).toBeUndefined()
  },
)

test.skipIf(taken)('each verb is one of Docker, for this service alone', async () => {
  const broker = await up('fauxqs')
  await broker.kill()
  await broker.freeze()
  await broker.thaw()
  await broker.logs(7)
  await broker.restart()
  await expect(broker.rabbitmqctl('status')).rejects.toThrow(TypeError)
  await broker.down()
  expect(wasAsked().slice(1, -1)).toEqual([
    'kill fauxqs',
    'pause fauxqs',
    'unpause fauxqs',
    'logs --no-color --tail 7 fauxqs',
    'unpause fauxqs',
    'restart fauxqs',
  ])
})
