import { connect as connectRaw, type ConfirmChannel } from 'amqplib'
import { connect } from 'anybroker'
import { up } from '../../brokers/brokers.ts'
import { BODY_BYTES, Countdown, inWindows, type BenchCase, type BrokerBench } from '../bench.ts'
import { coreCases } from '../cases/core.ts'

const { url } = await up('rabbitmq-4')
const QUEUE = 'bench-raw'
/** As much as the adapter may have in hand with a hundred handlers. */
const PREFETCH = 200
/** As the driver sets it: without, small writes wait for each other. */
const SOCKET = { noDelay: true }

interface Raw {
  readonly publish: (channel: ConfirmChannel, body: Buffer, count: number) => Promise<unknown>
  readonly prefetch: number
  /** Called for each delivery; acks it now or later. */
  readonly acking: (channel: ConfirmChannel) => (tag: number) => void
}

/** amqplib alone: a quorum queue, persistent messages with confirms, a connection each to publish and to consume. */
function raw(name: string, { publish, prefetch, acking }: Raw): BenchCase {
  return {
    name,
    start: async () => {
      const [sending, consuming] = await Promise.all([connectRaw(url, SOCKET), connectRaw(url, SOCKET)])
      const [sender, receiver] = await Promise.all([sending.createConfirmChannel(), consuming.createConfirmChannel()])
      await receiver.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
      await receiver.prefetch(prefetch)
      const handled = new Countdown()
      const ack = acking(receiver)
      const { consumerTag } = await receiver.consume(QUEUE, (delivery) => {
        if (delivery === null) throw new Error('the server cancelled the consumer')
        ack(delivery.fields.deliveryTag)
        handled.count()
      })
      const body = Buffer.alloc(BODY_BYTES)
      return {
        run: async (messages) => {
          handled.expect(messages)
          await inWindows(messages, (count) => publish(sender, body, count), handled)
          await handled.reached(0)
        },
        close: async () => {
          await receiver.cancel(consumerTag)
          await receiver.deleteQueue(QUEUE)
          await Promise.all([sending.close(), consuming.close()])
        },
      }
    },
  }
}

function confirmed(channel: ConfirmChannel, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.sendToQueue(QUEUE, body, { persistent: true, mandatory: true, messageId: 'x' }, (error: unknown) =>
      error === null || error === undefined ? resolve() : reject(new Error('refused', { cause: error })),
    )
  })
}

const tagged = (deliveryTag: number) => ({ fields: { deliveryTag } }) as Parameters<ConfirmChannel['ack']>[0]

/** A window of confirms, acks of all up to a tag at the end of each turn of the loop. */
const wellUsed = raw('amqplib, well used', {
  publish: (channel, body, count) => Promise.all(Array.from({ length: count }, () => confirmed(channel, body))),
  prefetch: PREFETCH,
  acking: (channel) => {
    let upTo = 0
    return (tag) => {
      if (upTo === 0) {
        setImmediate(() => {
          channel.ack(tagged(upTo), true)
          upTo = 0
        })
      }
      upTo = tag
    }
  },
})

/** As one first writes it: each publish awaited, each delivery acked by itself, one at a time. */
const naive = raw('amqplib, naive', {
  publish: async (channel, body, count) => {
    for (let left = count; left > 0; left -= 1) await confirmed(channel, body)
  },
  prefetch: 1,
  acking: (channel) => (tag) => channel.ack(tagged(tag)),
})

export const rabbitmqBench: BrokerBench = {
  cases: [wellUsed, naive, ...coreCases(() => connect(`${url}?namespace=bench`))],
  yardstick: 'amqplib, well used',
}
