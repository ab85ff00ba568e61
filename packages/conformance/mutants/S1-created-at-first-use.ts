import type { EntitySettings, SubscriptionRef } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S1',
  name: 'a durable subscription is created when its first consumer comes',
  wrap: (driver) => {
    const promised = new Map<string, [SubscriptionRef, EntitySettings]>()
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          topology: override(inner.topology, {
            ensure: async (ref, settings, signal) => {
              if (ref.kind !== 'subscription' || ref.durability === 'ephemeral')
                return inner.topology.ensure(ref, settings, signal)
              promised.set(`${ref.topic}/${ref.name}`, [ref, settings])
              return { as: 'created' }
            },
          }),
          openReceiver: async (source, options, signal) => {
            const due = source.kind === 'subscription' && promised.get(`${source.topic}/${source.name}`)
            if (due) await inner.topology.ensure(...due, signal)
            return inner.openReceiver(source, options, signal)
          },
        }),
    })
  },
}
