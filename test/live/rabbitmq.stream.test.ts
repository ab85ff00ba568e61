import { connect as connectRaw } from 'amqplib'
import { connect, type Broker } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import { cuttable } from './cuttable.ts'

for (const name of ['rabbitmq-4', 'rabbitmq-3'] as const) {
  const url = process.env[urlVariable(name)] ?? ''

  describe.skipIf(url === '')(`streams behind topics on ${name}`, () => {
    const namespace = `s${process.pid}`
    const opened: Broker[] = []
    let count = 0
    const fresh = () => `topic-${++count}`
    const at = async (stream: string): Promise<Broker> => {
      const own = new URL(url)
      own.searchParams.set('namespace', namespace)
      own.searchParams.set('stream', stream)
      const broker = await connect(own.href)
      opened.push(broker)
      return broker
    }
    let broker: Broker
    beforeAll(async () => {
      broker = await at('all')
    })
    afterAll(async () => {
      await Promise.all(opened.map((each) => each.close()))
    })

    /** Consumes until `enough`, and closes. */
    async function consumed(
      source: { consume: ReturnType<Broker['queue']>['consume'] },
      enough: (seen: readonly string[]) => boolean,
    ): Promise<readonly string[]> {
      const seen: string[] = []
      await using _worker = await source.consume((delivery) => void seen.push(String(delivery.body)), {
        concurrency: 8,
        maxUnsettled: 500,
      })
      await expect.poll(() => enough(seen), { timeout: 20_000 }).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 300))
      return seen
    }

    test('with asked, only a topic that asks keeps a history, and one that is there gets it from now on', async () => {
      const asking = await at('asked')
      const plain = asking.topic<string>(fresh())
      const subscription = await plain.durableSubscription('billing')
      await expect(subscription.seek('start')).rejects.toMatchObject({ code: 'UNSUPPORTED', clause: 'R1' })
      await expect(plain.durableSubscription('later', { from: 'earliest' })).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        clause: 'R2',
      })
      await plain.publish('before')
      const elsewhere = await at('asked')
      const asked = elsewhere.topic<string>(plain.name, { native: { rabbitmq: { stream: { maxBytes: 5_000_000 } } } })
      await asked.publish('kept')
      const late = await asked.durableSubscription('late', { from: 'earliest' })
      expect(await consumed(late, (seen) => seen.length > 0)).toEqual(['kept'])
      await subscription.seek('start')
      // What waits and was never in the stream is not lost.
      const seen = await consumed(subscription, (all) => all.length > 1)
      expect(seen.toSorted()).toEqual(['before', 'kept'])
      await asked.delete()
    })

    test('a block that would not be heard is refused', async () => {
      const off = await at('off')
      const topic = off.topic(fresh(), { native: { rabbitmq: { stream: true } } })
      await expect(topic.open()).rejects.toMatchObject({ code: 'UNSUPPORTED', clause: 'R1' })
      const wrong = broker.topic(fresh(), { native: { rabbitmq: { stream: { maxAge: 1 } } } })
      await expect(wrong.open()).rejects.toThrow(/no option "maxAge"/)
      const none = broker.topic<string>(fresh(), { native: { rabbitmq: { stream: false } } })
      const subscription = await none.durableSubscription('billing')
      await expect(subscription.seek('start')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    })

    test('publishing goes on: a subscription from the earliest, then moved, misses nothing and repeats nothing', async () => {
      const topic = broker.topic<string>(fresh())
      await topic.publishAll(Array.from({ length: 2_000 }, (_, index) => ({ body: `old ${index}` })))
      const published: string[] = []
      let on = true
      const publishing = (async () => {
        for (let index = 0; on; index++) {
          await topic.publishAll(Array.from({ length: 10 }, (_, each) => ({ body: `new ${index} ${each}` })))
          for (let each = 0; each < 10; each++) published.push(`new ${index} ${each}`)
        }
      })()
      const subscription = await topic.durableSubscription('earliest', { from: 'earliest' })
      const others = await topic.durableSubscription('other')
      await others.seek('start')
      on = false
      await publishing
      const all = [...Array.from({ length: 2_000 }, (_, index) => `old ${index}`), ...published].toSorted()
      for (const each of [subscription, others]) {
        const seen = await consumed(each, (some) => some.length >= all.length)
        expect(seen.toSorted()).toEqual(all)
      }
      await topic.delete()
    })

    test('a backlog that was half consumed comes in the order of the topic after a seek', async () => {
      const topic = broker.topic<string>(fresh(), { ordering: 'key' })
      const subscription = await topic.durableSubscription('billing')
      const bodies = Array.from({ length: 200 }, (_, index) => String(index))
      const keyOf = (body: string) => `key-${Number(body) % 7}`
      await topic.publishAll(bodies.slice(0, 100).map((body) => ({ body, key: keyOf(body) })))
      await consumed(subscription, (seen) => seen.length >= 100)
      await topic.publishAll(bodies.slice(100).map((body) => ({ body, key: keyOf(body) })))
      await subscription.seek('start')
      const seen = await consumed(subscription, (some) => some.length >= 200)
      expect(seen.toSorted()).toEqual(bodies.toSorted())
      for (let key = 0; key < 7; key++) {
        const ofKey = seen.filter((body) => Number(body) % 7 === key)
        expect(ofKey).toEqual(ofKey.toSorted((one, other) => Number(one) - Number(other)))
      }
      await topic.delete()
    })

    test('order is never lost in silence: published to without a pause, an ordered subscription is in order or refused', async () => {
      const topic = broker.topic<string>(fresh(), { ordering: 'key' })
      await topic.publishAll(Array.from({ length: 1_000 }, (_, index) => ({ body: String(index), key: 'k' })))
      let next = 1_000
      let on = true
      const publishing = (async () => {
        while (on) await topic.publish(String(next++), { key: 'k' })
      })()
      const opening = topic.durableSubscription('earliest', { from: 'earliest' })
      const [outcome] = await Promise.allSettled([opening])
      on = false
      await publishing
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'REFUSED' })
      // Again, with the publishers held: what the first attempt left behind is no duplicate.
      const subscription = await topic.durableSubscription('earliest', { from: 'earliest' })
      const seen = await consumed(subscription, (some) => some.length >= next)
      expect(seen).toEqual(Array.from({ length: next }, (_, index) => String(index)))
      await topic.delete()
    })

    test('a seek that breaks off anywhere loses nothing that waited', async () => {
      const topic = broker.topic<string>(fresh())
      const subscription = await topic.durableSubscription('billing')
      const bodies = Array.from({ length: 3_000 }, (_, index) => String(index))
      await topic.publishAll(bodies.map((body) => ({ body })))
      // Before it takes what waits, while it does, and while it copies.
      const outcomes: string[] = []
      for (const ms of [60, 350, 400, 450, 500, 550]) {
        const [outcome] = await Promise.allSettled([subscription.seek('start', { signal: AbortSignal.timeout(ms) })])
        outcomes.push(outcome.status)
      }
      expect(outcomes).toContain('rejected')
      const seen = await consumed(subscription, (some) => new Set(some).size >= 3_000)
      expect([...new Set(seen)].toSorted()).toEqual(bodies.toSorted())
      await subscription.seek('start')
      const again = await consumed(subscription, (some) => some.length >= 3_000)
      expect(again.toSorted()).toEqual(bodies.toSorted())
      await topic.delete()
    })

    test('a connection that is cut in the middle of a seek: it goes on by the next one, and nothing is lost', async () => {
      const { hostname, port } = new URL(url)
      const way = await cuttable(hostname, Number(port))
      const through = new URL(url)
      through.port = String(way.port)
      through.hostname = '127.0.0.1'
      through.searchParams.set('namespace', namespace)
      through.searchParams.set('stream', 'all')
      const cut = await connect(through.href)
      opened.push(cut)
      const topic = cut.topic<string>(fresh())
      const subscription = await topic.durableSubscription('billing')
      const bodies = Array.from({ length: 5_000 }, (_, index) => String(index))
      await topic.publishAll(bodies.slice(0, 2_500).map((body) => ({ body })))
      await subscription.purge()
      await topic.publishAll(bodies.slice(2_500).map((body) => ({ body })))
      const seeking = subscription.seek('start')
      const log = await connectRaw(url)
      const channel = await log.createChannel()
      // Once the first copies are there.
      const ready = async () => (await channel.checkQueue(`${namespace}.s.${topic.name}.billing`)).messageCount
      await expect.poll(ready, { interval: 5, timeout: 10_000 }).toBeLessThan(2_500)
      await expect.poll(ready, { interval: 5, timeout: 10_000 }).toBeGreaterThan(100)
      await way.cut()
      await seeking
      const seen = await consumed(subscription, (some) => new Set(some).size >= 5_000)
      expect([...new Set(seen)].toSorted()).toEqual(bodies.toSorted())
      // What was on its way when it was cut, and no more.
      expect(seen.length).toBeLessThan(5_000 + 200)
      await topic.delete()
      await log.close()
      await cut.close()
      await way.close()
    })

    test('a seek copies only what the filter wants, first tried, and keeps a foreign message as it was', async () => {
      const topic = broker.topic<string>(fresh())
      const subscription = await topic.durableSubscription('billing', { filter: { kind: ['a', 'b'] } })
      await topic.publishAll(['a', 'b', 'c'].map((kind) => ({ body: kind, headers: { kind } })))
      const model = await connectRaw(url)
      const channel = await model.createConfirmChannel()
      const headers = { kind: 'a', number: 5, none: null }
      const type = { contentType: 'application/json', type: 'foreign', appId: 'elsewhere' }
      channel.publish(`${namespace}.t.${topic.name}`, '', Buffer.from('"f"'), { headers, ...type })
      await channel.waitForConfirms()
      await subscription.purge()
      await subscription.seek('start')
      expect(await subscription.depth()).toMatchObject({ ready: 3 })
      const attempts: number[] = []
      const natives: unknown[] = []
      {
        await using _worker = await subscription.consume((delivery) => {
          attempts.push(delivery.attempt)
          if (delivery.body === 'f') natives.push(delivery.native)
        })
        await expect.poll(() => attempts.length).toBe(3)
      }
      expect(attempts).toEqual([1, 1, 1])
      expect(natives).toMatchObject([{ properties: { ...type, headers } }])
      await model.close()
      await topic.delete()
    })

    test('the stream goes with its topic, and has the bounds that were asked', async () => {
      const bounded = broker.topic<string>(fresh(), {
        native: { rabbitmq: { stream: { maxAgeMs: 90_500, maxBytes: 40_000_000 } } },
      })
      await bounded.open()
      const model = await connectRaw(url)
      const log = `${namespace}.t.${bounded.name}.log`
      const declared = async (maxAge: string): Promise<void> => {
        const channel = await model.createChannel()
        channel.on('error', () => undefined)
        await channel.assertQueue(log, {
          durable: true,
          arguments: {
            'x-queue-type': 'stream',
            'x-max-age': maxAge,
            'x-max-length-bytes': 40_000_000,
            'x-stream-max-segment-size-bytes': 2_000_000,
          },
        })
        await channel.close()
      }
      await declared('91s')
      await expect(declared('90s')).rejects.toThrow(/x-max-age/)
      await bounded.delete()
      const channel = await model.createChannel()
      channel.on('error', () => undefined)
      await expect(channel.checkQueue(log)).rejects.toThrow(/404/)
      await model.close()
    })
  })
}
