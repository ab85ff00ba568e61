import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { BrokerError } from '@anybroker/driver'
import { connect, type Broker, type ConnectOptions } from 'anybroker'
import type { Case, Context } from '../case.ts'

/** What is wrong with an address, credentials or rights, in the closed list. `TIMEOUT`: nobody answered at all. */
const WRONG: readonly string[] = ['UNAVAILABLE', 'UNAUTHORIZED', 'NOT_FOUND', 'TIMEOUT', 'REFUSED']

type Wrong = 'connectWrong' | 'connectSilent'

/** Where the service has no session, the first object that is opened tells what `connect` can't. */
async function connectAndOpen(t: Context, how: Wrong, options: ConnectOptions): Promise<void> {
  const connectBadly = t.harness[how]
  assert.ok(connectBadly)
  const broker: Broker = await connectBadly(options)
  t.after(() => broker.close({ drainMs: 0 }))
  await broker.queue(t.name('wrong')).open()
}

async function wrong(t: Context, connectTimeoutMs: number, how: Wrong = 'connectWrong'): Promise<BrokerError> {
  const began = performance.now()
  const [outcome] = await Promise.allSettled([connectAndOpen(t, how, { connectTimeoutMs })])
  const tookMs = performance.now() - began
  assert.ok(outcome.status === 'rejected', 'it connected, and opened a queue')
  assert.ok(outcome.reason instanceof BrokerError, `not a BrokerError: ${inspect(outcome.reason)}`)
  assert.ok(tookMs < connectTimeoutMs + 2_000, `told after ${tookMs.toFixed(0)} ms of ${connectTimeoutMs}`)
  return outcome.reason
}

export const cases: readonly Case[] = [
  {
    clause: 'C5',
    name: 'a wrong address or wrong credentials: one error within the connect time, with code and cause',
    needs: ['connectWrong'],
    async run(t) {
      const error = await wrong(t, 3_000)
      assert.ok(WRONG.includes(error.code), `${error.code} does not say what is wrong: ${error.message}`)
      assert.ok(error.code === 'TIMEOUT' || error.cause !== undefined, 'what the client library said is not kept')
    },
  },
  {
    clause: 'C5',
    name: 'the error begins with the action that failed and names the broker',
    needs: ['connectWrong'],
    async run(t) {
      const { message } = await wrong(t, 3_000)
      assert.match(message, /^(connect|open)/i)
      assert.match(message, new RegExp(t.broker.driver, 'i'))
    },
  },
  {
    clause: 'C5',
    name: 'and there is no secret in it, however deep one looks',
    needs: ['connectWrong'],
    async run(t) {
      const error = await wrong(t, 3_000)
      const shown = inspect(error, { depth: Infinity, showHidden: true, getters: true, maxStringLength: null })
      for (const secret of t.harness.secrets ?? [])
        assert.ok(!shown.includes(secret), `it shows a secret, ${secret.slice(0, 2)}…`)
      assert.doesNotMatch(shown, /:\/\/[^/\s:@]+:[^/\s:@*]+@/, 'it shows a URL with its password')
    },
  },
  {
    clause: 'C5',
    name: 'each try is told by itself, and none of them keeps the next from working',
    needs: ['connectWrong'],
    async run(t) {
      await Promise.all([wrong(t, 3_000), wrong(t, 3_000)])
      const broker = await t.connect()
      await broker.queue<string>(t.name('right')).send('works')
    },
  },
  {
    clause: 'C5',
    name: 'an address that takes connections and never answers: one error, at the end of the connect time',
    needs: ['connectSilent'],
    async run(t) {
      const { code, message } = await wrong(t, 500, 'connectSilent')
      assert.ok(code === 'TIMEOUT' || code === 'UNAVAILABLE', `${code}: ${message}`)
      assert.match(message, /^(connect|open)/i)
    },
  },
  {
    clause: 'C5',
    name: 'an address that no adapter knows is a TypeError that names it',
    async run(t) {
      const error = await t.rejects(connect('no-such-broker://localhost'), 'TypeError')
      assert.match(error.message, /no-such-broker/)
    },
  },
]
