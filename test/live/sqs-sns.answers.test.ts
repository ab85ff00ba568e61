import { DeleteQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { sqsSns } from '@anybroker/sqs-sns'
import { connect, type Broker, type ConnectOptions } from 'anybroker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import { asAws } from './sqs-sns.environment.ts'
import { proxyTo, type Proxy } from './sqs-sns.proxy.ts'

const engine = process.env[urlVariable('fauxqs')] ?? ''
const namespace = `a${process.pid}`
const THROTTLED = { status: 400, code: 'RequestThrottled', message: 'Rate exceeded' }
const EXPIRED = { status: 403, code: 'ExpiredToken', message: 'The security token included in the request is expired' }
let names = 0
const name = () => `answers-${(names += 1)}`

describe.skipIf(engine === '')('what the service answers, and an engine does not', () => {
  let proxy: Proxy
  let broker: Broker
  const open = (options?: ConnectOptions) => asAws(proxy.url, () => connect(sqsSns({ namespace, readyMs: 0 }), options))

  beforeAll(async () => {
    proxy = await proxyTo(engine)
  })
  afterAll(() => proxy.close())
  beforeEach(async () => {
    broker = await open()
  })
  afterEach(() => broker.close({ drainMs: 0 }))

  test('a throttled send is sent again, and is there once', async () => {
    const queue = broker.queue<string>(name())
    await queue.open()
    proxy.answer('SendMessageBatch', THROTTLED, 2)
    await queue.send('patient')
    expect(await all(queue)).toEqual(['patient'])
  })

  test('a throttled publish too', async () => {
    const topic = broker.topic<string>(name())
    const subscription = await topic.durableSubscription('all')
    proxy.answer('PublishBatch', { status: 400, code: 'Throttling', message: 'Rate exceeded' }, 2)
    await topic.publish('patient')
    expect(await all(subscription)).toEqual(['patient'])
  })

  test('throttled settles and renewals are made again', async () => {
    const queue = broker.queue<string>(name())
    await queue.sendAll([{ body: 'a' }, { body: 'b' }])
    proxy.answer('DeleteMessageBatch', THROTTLED, 2)
    proxy.answer('ChangeMessageVisibilityBatch', THROTTLED, 1)
    const worker = await queue.consume(() => new Promise((resolve) => setTimeout(resolve, 2_500)), {
      concurrency: 2,
      leaseMs: 2_000,
    })
    await expect.poll(() => worker.stats.acked, { timeout: 15_000 }).toBe(2)
    await worker.close()
    expect(worker.stats.lost).toBe(0)
    expect(await all(queue)).toEqual([])
  })

  test('of a batch, what failed by itself is sent again, what was refused is told, the rest is there once', async () => {
    const queue = broker.queue<string>(name())
    await queue.open()
    const failed = (Id: string, Code: string, SenderFault: boolean) => ({ Id, Code, SenderFault, Message: Code })
    proxy.change('SendMessageBatch', (answer) => ({
      Successful: (answer['Successful'] as readonly { readonly Id: string }[]).filter(
        ({ Id }) => Id !== '1' && Id !== '2',
      ),
      Failed: [failed('1', 'InternalError', false), failed('2', 'InvalidMessageContents', true)],
    }))
    const [one, two, three, four] = await Promise.allSettled(
      ['one', 'two', 'three', 'four'].map((body) => queue.send(body)),
    )
    expect([one?.status, two?.status, four?.status]).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    expect(three).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_MESSAGE', outcome: 'refused' } })
    // The engine had stored all four before the script said otherwise: so the second is there twice, as its outcome was unknown.
    expect((await all(queue)).toSorted()).toEqual(['four', 'one', 'three', 'two', 'two'])
  })

  test('an answer that is lost is unknown: the message is there once more, never less', async () => {
    const queue = broker.queue<string>(name())
    await queue.open()
    proxy.lose('SendMessageBatch')
    const { id } = await queue.send('twice')
    const found = await ids(queue)
    expect(found).toEqual([id, id])
  })

  test('on FIFO the retry of such a send is stored once', async () => {
    const queue = broker.queue<string>(name(), { ordering: 'key' })
    await queue.open()
    proxy.lose('SendMessageBatch')
    const { id } = await queue.send('once', { key: 'k' })
    expect(await ids(queue)).toEqual([id])
  })

  test('a letter that is redriven within five minutes of its send is not taken for its own duplicate', async () => {
    const queue = broker.queue<string>(name(), { ordering: 'key' })
    await queue.send('back', { key: 'k' })
    const worker = await queue.consume((delivery) => delivery.reject())
    await expect.poll(() => worker.stats.deadLettered).toBe(1)
    await worker.close()
    expect(await queue.deadLetters.redrive()).toMatchObject({ redriven: 1 })
    expect(await all(queue)).toEqual(['back'])
  })

  test('expired credentials are UNAUTHORIZED: for a send at once, for a consumer for good', async () => {
    const queue = broker.queue<string>(name())
    await queue.open()
    proxy.answer('SendMessageBatch', EXPIRED)
    await expect(queue.send('x')).rejects.toMatchObject({ code: 'UNAUTHORIZED', outcome: 'refused' })
    const worker = await queue.consume(() => undefined)
    proxy.answer('ReceiveMessage', EXPIRED, 5)
    await expect(worker.done).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    proxy.forget()
  })

  test('a queue that was deleted under its consumer is NOT_FOUND, for good', async () => {
    const queue = broker.queue<string>(name())
    await queue.send('x')
    const worker = await queue.consume(() => undefined)
    const failed = new Promise((resolve) => broker.on('failed', resolve))
    const other = await open()
    await other.queue(queue.name).delete()
    await other.close()
    await expect(worker.done).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await failed
  })

  test('an ephemeral subscription that was removed is made anew, and a gap is told', async () => {
    const topic = broker.topic<string>(name())
    const gap = new Promise((resolve) => broker.on('gap', resolve))
    const seen: string[] = []
    await using worker = await topic.subscribe(({ body }) => void seen.push(body))
    await topic.publish('before')
    await expect.poll(() => seen).toEqual(['before'])
    await removeEphemerals()
    await gap
    await expect
      .poll(async () => {
        await topic.publish('after')
        return seen.at(-1)
      })
      .toBe('after')
    expect(worker.stats.lost).toBe(0)
  })

  test('a name that was deleted less than a minute ago: creating waits as long as it may, and says why', async () => {
    const recently = {
      status: 400,
      code: 'QueueDeletedRecently',
      message: 'You must wait 60 seconds after deleting a queue',
    }
    proxy.answer('CreateQueue', recently, 2)
    await broker.queue<string>(name()).open()
    const hurried = await open({ connectTimeoutMs: 1_500 })
    proxy.answer('CreateQueue', recently, 50)
    const [outcome] = await Promise.allSettled([hurried.queue<string>(name()).open()])
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { retryable: true, cause: expect.anything() as unknown },
    })
    await hurried.close()
    proxy.forget()
  })

  test('too many in flight: the consumer waits, and goes on', async () => {
    const queue = broker.queue<string>(name())
    await queue.send('x')
    proxy.answer('ReceiveMessage', { status: 400, code: 'OverLimit', message: 'Too many messages in flight' }, 3)
    const worker = await queue.consume(() => undefined)
    await expect.poll(() => worker.stats.acked, { timeout: 10_000 }).toBe(1)
  })

  test('a lease that the service says is lost is lost, and the rest of its batch is settled', async () => {
    const queue = broker.queue<string>(name())
    await queue.sendAll([{ body: 'a' }, { body: 'b' }])
    const loop = queue.receive()
    const taken = []
    for await (const delivery of loop) if (taken.push(delivery) === 2) break
    proxy.change('DeleteMessageBatch', (answer) => ({
      Successful: (answer['Successful'] as readonly { readonly Id: string }[]).filter(({ Id }) => Id !== '0'),
      Failed: [
        { Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true, Message: 'The receipt handle has expired' },
      ],
    }))
    const [first, second] = await Promise.allSettled(taken.map((delivery) => delivery.ack()))
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'LEASE_LOST' } })
    expect(second?.status).toBe('fulfilled')
    await loop.close()
  })
})

/** As an administrator would. */
async function removeEphemerals(): Promise<void> {
  const sqs = new SQSClient({ endpoint: engine })
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${namespace}_-e_-` }))
  for (const QueueUrl of QueueUrls) await sqs.send(new DeleteQueueCommand({ QueueUrl }))
  sqs.destroy()
}

type Source = ReturnType<Broker['queue']>

async function all(source: Pick<Source, 'receive'>): Promise<readonly string[]> {
  const bodies: string[] = []
  for await (const delivery of source.receive({ untilEmpty: true })) {
    bodies.push(String(delivery.body))
    await delivery.ack()
  }
  return bodies
}

async function ids(source: Pick<Source, 'receive'>): Promise<readonly string[]> {
  const found: string[] = []
  for await (const delivery of source.receive({ untilEmpty: true })) {
    found.push(delivery.id)
    await delivery.ack()
  }
  return found
}
