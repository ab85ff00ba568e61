import { inspect } from 'node:util'
import { memory } from '@anybroker/memory'
import { override, virtualTime, wrapDriver } from '@anybroker/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../connect.ts'

/** A broker whose sends are answered when `answer` is called. */
async function slow() {
  const time = virtualTime()
  const gate = Promise.withResolvers<void>()
  const driver = wrapDriver(memory(), {
    sender: (inner) =>
      override(inner, { send: async (batch, signal) => (await gate.promise, inner.send(batch, signal)) }),
  })
  const broker = await connect(driver, { runtime: time.runtime })
  onTestFinished(() => time.until(broker.close()))
  return { broker, time, answer: gate.resolve }
}

describe('a buffered send', () => {
  it('is sent although its signal aborts after it resolved', async () => {
    const { broker, time, answer } = await slow()
    const failed: unknown[] = []
    broker.on('sendFailed', (facts) => failed.push(facts))
    const queue = broker.queue<string>('orders')
    const abort = new AbortController()
    await time.until(queue.send('a', { until: 'buffered', signal: abort.signal }))
    abort.abort(new Error('too late'))
    answer()
    await time.advance(1_000)
    expect(failed).toEqual([])
    expect(await time.until(queue.depth())).toMatchObject({ ready: 1 })
  })

  it('is not sent when its signal aborted before', async () => {
    const { broker, time, answer } = await slow()
    answer()
    const queue = broker.queue<string>('orders')
    const reason = new Error('changed my mind')
    await expect(time.until(queue.send('a', { until: 'buffered', signal: AbortSignal.abort(reason) }))).rejects.toBe(
      reason,
    )
    expect(await time.until(queue.depth())).toMatchObject({ ready: 0 })
  })
})

describe('what a driver can not do', () => {
  it.each(['L1', 'L3'] as const)('%s is UNSUPPORTED, and the send refused', async (clause) => {
    const none = { grade: 'none', proof: 'engine' } as const
    const driver = wrapDriver(memory(), {
      capabilities: (inner) => ({
        ...inner,
        [clause]: none,
        D2: { ...inner.D2, maxMs: clause === 'L1' ? 0 : inner.D2.maxMs },
      }),
    })
    const broker = await connect(driver)
    onTestFinished(() => broker.close())
    const asked = clause === 'L1' ? { delayMs: 1_000 } : { dedupId: 'once' }
    const refused = { code: 'UNSUPPORTED', clause, outcome: 'refused' }
    await expect(broker.queue<string>('orders').send('a', asked)).rejects.toMatchObject(refused)
  })
})

it('open waits no longer than it is told', async () => {
  const time = virtualTime()
  const driver = wrapDriver(memory(), {
    topology: (inner) => override(inner, { ensure: () => new Promise(() => undefined) }),
  })
  const broker = await connect(driver, { runtime: time.runtime })
  onTestFinished(() => time.until(broker.close()))
  const began = time.now()
  await expect(time.until(broker.queue('orders').open({ timeoutMs: 500 }))).rejects.toMatchObject({ code: 'TIMEOUT' })
  expect(time.now() - began).toBe(500)
})

it('a reply takes no option that is not its own', async () => {
  const broker = await connect(memory())
  onTestFinished(() => broker.close())
  const queue = broker.queue<string>('asks')
  const errors: unknown[] = []
  await queue.consume(async (delivery) => {
    await delivery.reply('no', { correlationId: 'mine' } as object).catch((error: unknown) => errors.push(error))
    await delivery.reply('yes')
  })
  expect((await queue.request('?')).body).toBe('yes')
  expect(errors).toEqual([expect.any(TypeError)])
})

it('a send that timed out shows what the driver said last, and no secret of it', async () => {
  const time = virtualTime()
  const leak = new Error('no route to amqp://guest:hunter2@localhost')
  const driver = override(
    wrapDriver(memory(), {
      sender: (inner) => override(inner, { send: async (batch) => batch.map(() => ({ as: 'unknown', error: leak })) }),
    }),
    { describeError: () => ({ code: 'UNAVAILABLE', retryable: true, scope: 'message' }) },
  )
  const broker = await connect(driver, { runtime: time.runtime, log: false })
  onTestFinished(() => time.until(broker.close()))
  const failed: unknown = await time.until(
    broker
      .queue('orders')
      .send('a', { timeoutMs: 500 })
      .catch((error: unknown) => error),
  )
  expect(failed).toMatchObject({
    code: 'TIMEOUT',
    outcome: 'unknown',
    cause: { message: expect.stringContaining('no route') },
  })
  expect(inspect(failed, { depth: 9, showHidden: true })).not.toContain('hunter2')
})
