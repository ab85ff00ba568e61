import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S6',
  name: 'a subscription is found by its own name alone, whatever its topic',
  wrap: (driver) => {
    const topics = new Map<string, string>()
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openReceiver: (source, options, signal) => {
            if (source.kind !== 'subscription') return inner.openReceiver(source, options, signal)
            const topic = topics.get(source.name) ?? source.topic
            topics.set(source.name, topic)
            return inner.openReceiver({ ...source, topic }, options, signal)
          },
        }),
    })
  },
}
