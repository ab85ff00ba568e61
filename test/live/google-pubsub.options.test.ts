import { setTimeout as sleep } from 'node:timers/promises'
import { googlePubsub, type GooglePubsubOptions } from '@anybroker/google-pubsub'
import { PubSub, v1 } from '@google-cloud/pubsub'
import { connect, type Broker } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'

const url = process.env[urlVariable('google-pubsub')] ?? ''
const projectId = 'anybroker'
const namespace = `o${process.pid}`

describe.skipIf(url === '')('google-pubsub with its options, and beside other clients', () => {
  const emulatorHost = url === '' ? '' : new URL(url).host
  let subscriber: v1.SubscriberClient
  beforeAll(async () => {
    const config = await new PubSub({ projectId, apiEndpoint: url }).getClientConfig()
    subscriber = new v1.SubscriberClient({ ...config, 'grpc.keepalive_time_ms': 30_000 })
  })
  afterAll(() => subscriber.close())

  const open = (options: GooglePubsubOptions = {}): Promise<Broker> =>
    connect(googlePubsub({ projectId, namespace, emulatorHost, ...options }), { log: false })
  const path = (name: string): string => `projects/${projectId}/subscriptions/${namespace}.${name}`

  test('with exactlyOnce acks are confirmed, and what is there without it is a conflict', async () => {
    await using plain = await open()
    await plain.queue('plain').open()
    await using broker = await open({ exactlyOnce: true })
    expect(broker.capabilities.D1.evidence).toBe('confirmed')
    await expect(broker.queue('plain').open()).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('exactlyOnce: there false, asked true'),
    })
    const queue = broker.queue<string>('once')
    const seen: string[] = []
    await using worker = await queue.consume(({ body }) => void seen.push(body), { concurrency: 5 })
    await queue.sendAll(Array.from({ length: 50 }, (_, index) => ({ body: `m${index}` })))
    await expect.poll(() => worker.stats.acked, { timeout: 10_000 }).toBe(50)
    expect(new Set(seen).size).toBe(50)
    const [there] = await subscriber.getSubscription({ subscription: path('q.once') })
    expect(there.enableExactlyOnceDelivery).toBe(true)
  })

  test('PUBSUB_EMULATOR_HOST is honoured by a URL', async () => {
    const before = process.env['PUBSUB_EMULATOR_HOST']
    process.env['PUBSUB_EMULATOR_HOST'] = emulatorHost
    try {
      await using broker = await connect(`google-pubsub://${projectId}?namespace=${namespace}`, { log: false })
      await broker.queue<string>('by-env').send('x')
    } finally {
      if (before === undefined) delete process.env['PUBSUB_EMULATOR_HOST']
      else process.env['PUBSUB_EMULATOR_HOST'] = before
    }
  })

  test('what lasts never expires, and has the dead-letter policy that makes the service count', async () => {
    await using broker = await open()
    await broker.queue('kept').open()
    await broker.topic('kept').durableSubscription('billing')
    for (const name of ['q.kept', 's.kept.billing']) {
      const [there] = await subscriber.getSubscription({ subscription: path(name) })
      expect(there.expirationPolicy?.ttl ?? undefined).toBeUndefined()
      expect(there.deadLetterPolicy).toMatchObject({ maxDeliveryAttempts: 100 })
      expect(there.deadLetterPolicy?.deadLetterTopic).toMatch(new RegExp(`${name}\\.dead$`))
    }
  })

  test('what the service itself moved to the dead letters says so', { timeout: 60_000 }, async () => {
    await using broker = await open()
    const queue = broker.queue<string>('backstop')
    await queue.send('again and again')
    const subscription = path('q.backstop')
    const deadLetters = queue.deadLetters.receive({ untilEmpty: false })
    const letters = deadLetters[Symbol.asyncIterator]()
    const letter = letters.next()
    let moved = false
    const watched = letter.then(() => (moved = true))
    while (!moved) {
      const [{ receivedMessages }] = await subscriber.pull({ subscription, maxMessages: 1, returnImmediately: true })
      const ackIds = (receivedMessages ?? []).map(({ ackId }) => ackId ?? '')
      if (ackIds.length > 0) await subscriber.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 })
      else await sleep(20)
    }
    await watched
    const { value } = await letter
    expect(value).toMatchObject({ body: 'again and again', dead: { reason: 'broker', origin: 'backstop' } })
    await value.ack()
    await deadLetters.close()
  })

  test('a delay beyond what waits in memory ends in time, and counts no attempt', async () => {
    await using broker = await open()
    const queue = broker.queue<string>('later')
    const seen: { readonly at: number; readonly attempt: number }[] = []
    await using _ = await queue.consume(({ attempt }) => void seen.push({ at: Date.now(), attempt }))
    const sentAt = Date.now()
    await queue.send('later', { delayMs: 12_000 })
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(1)
    expect(seen[0]?.attempt).toBe(1)
    expect((seen[0]?.at ?? 0) - sentAt).toBeGreaterThanOrEqual(12_000)
    expect((seen[0]?.at ?? 0) - sentAt).toBeLessThan(15_000)
  })
})
