import type { WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S3',
  name: 'a retry publishes the message again, to all',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openReceiver: async (source, options, abort) => {
            const receiver = await inner.openReceiver(source, options, abort)
            if (source.kind !== 'subscription') return receiver
            const topic = { kind: 'topic', name: source.topic, ordering: source.ordering } as const
            const sender = await inner.openSender(topic, abort)
            const inHand = new Map<unknown, WireMessage>()
            return override(receiver, {
              receive: async (max, wait) => {
                const taken = await receiver.receive(max, wait)
                for (const { receipt, message } of taken) inHand.set(receipt, message)
                return taken
              },
              settle: async (batch, signal) => {
                const again = batch.filter(({ as }) => as === 'retry')
                await sender.send(
                  again.flatMap(({ receipt }) => inHand.get(receipt) ?? []),
                  signal,
                )
                return receiver.settle(
                  batch.map(({ receipt }) => ({ receipt, as: 'ack' })),
                  signal,
                )
              },
            })
          },
        }),
    }),
}
