import { BrokerError } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'T2',
  name: 'publishing that nobody hears is refused',
  wrap: (driver) => {
    const heard = new Set<string>()
    return wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: (ref, settings, signal) => {
            if (ref.kind === 'subscription') heard.add(ref.topic)
            return inner.ensure(ref, settings, signal)
          },
          delete: (ref, signal) => {
            if (ref.kind === 'subscription') heard.delete(ref.topic)
            return inner.delete(ref, signal)
          },
        }),
      sender: (inner, target) =>
        override(inner, {
          send: async (batch, signal) => {
            if (target.kind !== 'topic' || heard.has(target.name)) return inner.send(batch, signal)
            return batch.map(() => ({ as: 'refused', error: new BrokerError('REFUSED', 'publish: no route') }))
          },
        }),
    })
  },
}
