import { BrokerError, type WireMessage } from '@anybroker/driver'
import { memory } from '@anybroker/memory'
import {
  BAD_CONNECTS,
  BAD_INPUTS,
  BAD_ON_DELIVERY,
  BAD_ON_SUBSCRIPTION,
  BAD_ON_WORKER,
  type BadInput,
  type BadInputBroker,
  type BadInputDelivery,
  type BadInputSubscription,
  type BadInputWorker,
  judge,
  ODD_INPUTS,
  ODD_NAMES,
  type Recorder,
  recordingDriver,
  virtualTime,
  type VirtualTime,
} from '@anybroker/testkit'
import { type Broker, connect, type Delivery } from 'anybroker'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

let time: VirtualTime
let broker: Broker
let recorder: Recorder
let names = 0
const pristine = Reflect.ownKeys(Object.prototype)
const name = () => `name-${(names += 1)}`

beforeAll(async () => {
  time = virtualTime()
  recorder = recordingDriver(memory())
  broker = await time.until(connect(recorder.driver, { runtime: time.runtime }))
  recorder.clear()
})

afterEach(() => {
  // Whatever a test was about: nobody's prototype was changed by it.
  expect(Reflect.ownKeys(Object.prototype)).toEqual(pristine)
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
})

afterAll(async () => {
  await time.until(broker.close({ drainMs: 0 }))
  expect(time.pending()).toBe(0)
})

/** What reached the driver, the timer of core's own housekeeping left out. */
function reached(): readonly string[] {
  return recorder.calls.filter(({ method }) => method !== 'maintain').map(({ on, method }) => `${on}.${method}`)
}

/** The verdict on one input, and what of it reached the driver: now, or a minute later. */
async function verdictOn<On>(input: BadInput<On>, on: On): Promise<unknown> {
  recorder.clear()
  const verdict = await time.until(judge(input, on, name()), 60_000)
  await time.idle()
  return { verdict, reached: reached() }
}

const CLEAN = { verdict: undefined, reached: [] }
const table = <On>(inputs: readonly BadInput<On>[]) =>
  inputs.map((input) => [`${input.id}: ${input.what}`, input] as const)

describe('a broker refuses, before anything reaches its driver', () => {
  it.each(table(BAD_INPUTS))('%s', async (_what, input) => {
    expect(await verdictOn(input, broker as unknown as BadInputBroker)).toEqual(CLEAN)
  })
})

describe('connect refuses', () => {
  it.each(table(BAD_CONNECTS))('%s', async (_what, input) => {
    expect(await judge(input, connect as unknown as Parameters<typeof input.run>[0], name())).toBeUndefined()
  })

  it('a driver with options that are wrong, and never asks it', async () => {
    const asked = recordingDriver(memory())
    await expect(connect(asked.driver, { drainMs: -1 })).rejects.toThrow(TypeError)
    await expect(connect({ ...asked.driver, spec: 2 } as never)).rejects.toThrow(TypeError)
    expect(asked.calls).toEqual([])
  })
})

describe('what is in hand stays in hand where it is misused', () => {
  it('a delivery', async () => {
    const orders = broker.queue('in-hand')
    await time.until(orders.send(1))
    const loop = orders.receive()
    const { value } = (await time.until(loop[Symbol.asyncIterator]().next())) as { value: Delivery<unknown> }
    const verdicts: unknown[] = []
    for (const input of BAD_ON_DELIVERY) {
      const { verdict, reached: calls } = (await verdictOn(input, value as unknown as BadInputDelivery)) as typeof CLEAN
      verdicts.push([input.what, verdict, calls.filter((call) => call !== 'receiver.extend')])
    }
    expect(verdicts).toEqual(BAD_ON_DELIVERY.map(({ what }) => [what, undefined, []]))
    // It can still be settled.
    await time.until(value.ack())
    await time.until(loop.close())
  })

  it('a worker', async () => {
    const worker = await time.until(broker.queue('misused').consume(() => undefined))
    const verdicts: unknown[] = []
    await time.idle()
    for (const input of BAD_ON_WORKER)
      verdicts.push([input.what, await verdictOn(input, worker as unknown as BadInputWorker)])
    expect(verdicts).toEqual(BAD_ON_WORKER.map(({ what }) => [what, CLEAN]))
    expect(worker.stats.running).toBe(0)
    await time.until(broker.queue('misused').send(1))
    expect(worker.stats.acked).toBe(1)
    await time.until(worker.close())
  })

  it('a subscription', async () => {
    const billing = await time.until(broker.topic('misused').durableSubscription('billing'))
    const verdicts: unknown[] = []
    for (const input of BAD_ON_SUBSCRIPTION)
      verdicts.push([input.what, await verdictOn(input, billing as unknown as BadInputSubscription)])
    expect(verdicts).toEqual(BAD_ON_SUBSCRIPTION.map(({ what }) => [what, CLEAN]))
    await time.until(billing.unsubscribe())
  })
})

describe('a broker takes what only looks wrong', () => {
  it.each(ODD_INPUTS.map((input) => [`${input.id}: ${input.what}`, input] as const))('%s', async (_what, input) => {
    await expect(time.until(input.run(broker as unknown as BadInputBroker, name()))).resolves.toBeDefined()
  })

  it.each(ODD_NAMES)('the name %s', async (odd) => {
    const queue = broker.queue<string>(odd)
    const subscription = await time.until(broker.topic<string>(odd).durableSubscription(odd))
    await time.until(queue.send('a queue'))
    await time.until(broker.topic<string>(odd).publish('a topic'))
    expect((await time.until(queue.peek())).map(({ body }) => body)).toEqual(['a queue'])
    expect((await time.until(subscription.peek())).map(({ body }) => body)).toEqual(['a topic'])
  })
})

describe('whatever is given', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    key: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'then', 'toJSON', 'toString')),
  })
  const odd = fc.oneof(
    anything,
    fc.string({ unit: 'binary' }),
    fc.constantFrom<unknown>(Number.NaN, Infinity, -0, 2 ** 53, '__proto__', new Proxy({}, {}), Symbol('x'), () => 1),
  )
  /** Some of the real names, with anything behind them; or anything at all. */
  const optionsOf = (...keys: readonly string[]) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...keys), odd, { maxKeys: 3 }) },
      { weight: 1, arbitrary: odd },
      { weight: 1, arbitrary: fc.dictionary(fc.string(), odd, { maxKeys: 3 }) },
    )
  const send = optionsOf(
    'key',
    'headers',
    'id',
    'correlationId',
    'replyTo',
    'contentType',
    'traceparent',
    'delayMs',
    'at',
    'expiresInMs',
    'dedupId',
    'until',
    'timeoutMs',
    'signal',
  )
  const consume = optionsOf(
    'concurrency',
    'maxUnsettled',
    'retry',
    'maxBytes',
    'leaseMs',
    'maxHandlerMs',
    'drainMs',
    'onDeadLetter',
    'signal',
  )
  const queue = optionsOf('codec', 'schema', 'ordering', 'provision', 'native', 'retry')
  const subscription = optionsOf('filter', 'from', 'retry', 'native', 'signal')
  const admin = optionsOf('signal', 'timeoutMs', 'max', 'exact', 'where', 'change')
  const headers = fc.oneof(odd, fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })))

  type Call = (loose: BadInputBroker) => unknown
  const stored: WireMessage[] = []
  const counts = { done: 0, refused: 0 }

  /**
   * One call, judged: it is done, or refused by a `TypeError` or a `BrokerError`; it ends; and what was refused as wrong has not
   * reached the driver.
   */
  async function judged(call: Call): Promise<void> {
    recorder.clear()
    let error: unknown
    let result: unknown
    try {
      result = await time.until(
        Promise.resolve(call(broker as unknown as BadInputBroker)).then((value) => ({ value })),
        120_000,
      )
    } catch (thrown) {
      error = thrown
    }
    for (const { on, method, given } of recorder.calls)
      if (on === 'sender' && method === 'send') stored.push(...(given[0] as readonly WireMessage[]))
    if (error === undefined) {
      counts.done += 1
      // Whatever it opened is closed again, so that the next round begins with nothing.
      const { value } = result as { value: { close?: (options: object) => Promise<void> } | undefined }
      if (typeof value?.close === 'function') await time.until(value.close({ drainMs: 0 }))
      return
    }
    counts.refused += 1
    expect(error).toSatisfy((one) => one instanceof TypeError || one instanceof BrokerError)
    const refused = error instanceof TypeError || (error instanceof BrokerError && error.code === 'INVALID_MESSAGE')
    if (refused) expect(reached()).toEqual([])
    expect((error as Error).message.length).toBeLessThan(1_500)
  }

  const runs = { numRuns: 300 }

  it.each<[string, fc.Arbitrary<Call>]>([
    [
      'send',
      fc.tuple(odd, send).map(
        ([body, options]) =>
          (on) =>
            on.queue('fuzzed').send(body, options),
      ),
    ],
    [
      'publish',
      fc.tuple(odd, send).map(
        ([body, options]) =>
          (on) =>
            on.topic('fuzzed').publish(body, options),
      ),
    ],
    ['headers', headers.map((given) => (on) => on.queue('fuzzed').send(1, { headers: given }))],
    [
      'sendAll',
      fc.tuple(fc.oneof(odd, fc.array(fc.oneof(odd, send))), send).map(
        ([messages, options]) =>
          (on) =>
            on.queue('fuzzed').sendAll(messages, options),
      ),
    ],
    ['consume', consume.map((options) => (on) => on.queue('fuzzed').consume(() => undefined, options))],
    ['consumeBatch', consume.map((options) => (on) => on.queue('fuzzed').consumeBatch(() => undefined, options))],
    ['handler', odd.map((handler) => (on) => on.queue('fuzzed').consume(handler))],
    ['subscribe', consume.map((options) => (on) => on.topic('fuzzed').subscribe(() => undefined, options))],
    ['subscribe', subscription.map((options) => (on) => on.topic('fuzzed').subscribe(() => undefined, options))],
    [
      'durableSubscription',
      fc.tuple(fc.oneof(odd, fc.constantFrom('fuzzed-a', 'fuzzed-b')), subscription).map(
        ([called, options]) =>
          (on) =>
            on.topic('fuzzed').durableSubscription(called, options),
      ),
    ],
    [
      'queue',
      fc.tuple(odd, queue).map(
        ([called, options]) =>
          (on) =>
            on.queue(called, options).open(),
      ),
    ],
    ['topic', queue.map((options) => (on) => on.topic(name(), options).publish(1))],
    ['depth', admin.map((options) => (on) => on.queue('fuzzed').depth(options))],
    ['peek', admin.map((options) => (on) => on.queue('fuzzed').peek(options))],
    ['redrive', admin.map((options) => (on) => on.queue('fuzzed').deadLetters.redrive(options))],
    [
      'on',
      fc.tuple(odd, odd).map(
        ([event, listener]) =>
          (on) =>
            on.on(event, listener),
      ),
    ],
  ])('%s does it or refuses it, ends, and refuses before any I/O', async (_what, calls) => {
    await fc.assert(
      fc.asyncProperty(calls, async (call) => {
        await judged(call)
      }),
      runs,
    )
  })

  it('stores nothing but ids within their rule and strings as headers', () => {
    expect(counts.done).toBeGreaterThan(100)
    expect(counts.refused).toBeGreaterThan(1_000)
    expect(stored.length).toBeGreaterThan(100)
    for (const message of stored) {
      expect(message.id).toMatch(/^[A-Za-z0-9_-]{1,128}$/)
      expect(Object.values(message.headers).every((value) => typeof value === 'string' && value.isWellFormed())).toBe(
        true,
      )
    }
  })
})
