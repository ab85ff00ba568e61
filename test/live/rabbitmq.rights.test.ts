import { ladderDefinitions } from '@anybroker/rabbitmq'
import { connect as connectRaw, type ChannelModel } from 'amqplib'
import { connect } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { up, urlVariable } from '../brokers/brokers.ts'

for (const name of ['rabbitmq-4', 'rabbitmq-3'] as const) {
  const url = process.env[urlVariable(name)] ?? ''
  const broker = url === '' ? undefined : await up(name)

  // Of one that only its URL is known of, nobody is the administrator.
  describe.skipIf(broker === undefined || broker.origin === 'url')(`without the right to configure, on ${name}`, () => {
    const namespace = `r${process.pid}`
    const user = `rights${process.pid}`
    const at = (by: 'owner' | 'poor', options: Readonly<Record<string, string>> = {}): string => {
      const own = new URL(url)
      if (by === 'poor') own.username = user
      if (by === 'poor') own.password = 'secret'
      for (const [key, value] of Object.entries({ namespace, ...options })) own.searchParams.set(key, value)
      return own.href
    }
    let model: ChannelModel

    beforeAll(async () => {
      await broker?.rabbitmqctl('add_user', user, 'secret')
      await broker?.rabbitmqctl('set_permissions', user, '^$', '.*', '.*')
      model = await connectRaw(url)
    })
    afterAll(async () => {
      await model.close()
      await broker?.rabbitmqctl('delete_user', user)
    })

    test.each(['never', 'verify'] as const)(
      'a filter that was made before holds with provision %s',
      async (provision) => {
        const filter = { kind: ['a', 'b'], region: { prefix: 'eu' } } as const
        await using owner = await connect(at('owner'))
        const made = owner.topic<string>(`filter-${provision}`)
        await made.durableSubscription('billing', { filter })
        await using poor = await connect(at('poor'), { provision })
        const topic = poor.topic<string>(made.name)
        const subscription = await topic.durableSubscription('billing', { filter })
        await topic.publishAll([
          { body: 'yes', headers: { kind: 'a', region: 'eu-1' } },
          { body: 'no', headers: { kind: 'c', region: 'eu-1' } },
          { body: 'neither', headers: { kind: 'b', region: 'us' } },
          { body: 'too', headers: { kind: 'b', region: 'eu' } },
        ])
        const seen: string[] = []
        {
          await using _worker = await subscription.consume(({ body }) => void seen.push(body))
          await expect.poll(() => seen.length).toBe(2)
        }
        expect(seen).toEqual(['yes', 'too'])
        expect(await subscription.depth()).toMatchObject({ ready: 0 })
        const live = topic.subscribe(() => undefined)
        await expect(live).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
        await made.delete()
      },
    )

    test('a subscription is moved where a stream was made before, and looks at its filter again', async () => {
      await using owner = await connect(at('owner', { stream: 'all' }))
      const made = owner.topic<string>('moved')
      await made.durableSubscription('billing', { filter: { kind: 'a' } })
      await made.publishAll(['a', 'b', 'a'].map((kind) => ({ body: kind, headers: { kind } })))
      await using poor = await connect(at('poor', { stream: 'all' }), { provision: 'never' })
      const subscription = await poor.topic<string>('moved').durableSubscription('billing', { filter: { kind: 'a' } })
      await subscription.purge()
      await subscription.seek('start')
      const seen: string[] = []
      {
        await using _worker = await subscription.consume(({ body }) => void seen.push(body))
        await expect.poll(() => seen.length).toBe(2)
      }
      expect(seen).toEqual(['a', 'a'])
      await made.delete()
    })

    // Of Docker's the management API can't be reached from here.
    test.skipIf(broker?.management === undefined)(
      'a delay goes by the ladder; where a rung is missing, its name is told',
      async () => {
        await using owner = await connect(at('owner'))
        const made = owner.queue<string>('ladder')
        await made.open()
        await using poor = await connect(at('poor'), { provision: 'never' })
        const queue = poor.queue<string>('ladder', { retry: { backoff: { initialMs: 3_300, maxMs: 3_300 } } })
        await expect(queue.send('x', { delayMs: 2_500 })).rejects.toMatchObject({
          code: 'UNAUTHORIZED',
          message: expect.stringContaining(`${namespace}.ladder.2 are missing`),
        })
        await makeLadder(broker?.management ?? '', namespace)

        const began = Date.now()
        await queue.send('sent', { delayMs: 2_500 })
        const seen: { readonly body: string; readonly attempt: number; readonly afterMs: number }[] = []
        const failed = new Map<string, number>()
        // Half of the window holds retries in hand; the other two go by the ladder.
        await using _worker = await queue.consume(
          ({ body, attempt }) => {
            if (body === 'sent') seen.push({ body, attempt, afterMs: Date.now() - began })
            else if (attempt === 1) {
              failed.set(body, Date.now())
              throw new Error('again')
            } else seen.push({ body, attempt, afterMs: Date.now() - (failed.get(body) ?? 0) })
          },
          { maxUnsettled: 2 },
        )
        await queue.sendAll(['one', 'two', 'three'].map((body) => ({ body })))
        const channel = await model.createChannel()
        const waiting = async () => (await channel.checkQueue(`${namespace}.ladder.2`)).messageCount
        await expect.poll(waiting, { interval: 20 }).toBeGreaterThanOrEqual(2)
        await channel.close()
        await expect.poll(() => seen.length, { timeout: 15_000 }).toBe(4)
        for (const { body, attempt, afterMs } of seen) {
          expect(attempt).toBe(body === 'sent' ? 1 : 2)
          expect(afterMs).toBeGreaterThanOrEqual(body === 'sent' ? 2_500 : 3_300)
          expect(afterMs).toBeLessThan(body === 'sent' ? 4_500 : 7_000)
        }
        await made.delete()
      },
    )

    test('RabbitMQ has no prefetch in bytes', async () => {
      const other = await connectRaw(url)
      const died = new Promise<Error>((resolve) => other.on('error', resolve))
      const channel = await other.createChannel()
      channel.on('error', () => undefined)
      // amqplib's `prefetch` knows no bytes either: the method as the protocol has it.
      const raw = channel as unknown as { rpc(method: number, fields: object, expect: number): Promise<unknown> }
      const [QOS, QOS_OK] = [3_932_170, 3_932_171]
      raw.rpc(QOS, { prefetchSize: 1_000, prefetchCount: 1, global: false }, QOS_OK).catch(() => undefined)
      expect((await died).message).toMatch(/NOT_IMPLEMENTED.*prefetch_size/)
    })
  })
}

/** As `rabbitmqctl import_definitions` does it, by the API that takes the same file. */
async function makeLadder(management: string, namespace: string): Promise<void> {
  const response = await fetch(new URL('api/definitions/%2F', management), {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(ladderDefinitions(namespace)),
  })
  if (!response.ok) throw new Error(`the definitions were refused: ${response.status} ${await response.text()}`)
}
