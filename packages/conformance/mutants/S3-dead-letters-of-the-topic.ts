import type { Ref } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S3',
  name: 'all subscriptions of a topic share the dead letters of one',
  wrap: (driver) => {
    const first = new Map<string, string>()
    const shared = <R extends Ref>(ref: R): R => {
      if (ref.kind !== 'dead-letters' || ref.of.kind !== 'subscription') return ref
      const name = first.get(ref.of.topic) ?? ref.of.name
      first.set(ref.of.topic, name)
      return { ...ref, of: { ...ref.of, name } }
    }
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openSender: (target, signal) => inner.openSender(shared(target), signal),
          openReceiver: (source, options, signal) => inner.openReceiver(shared(source), options, signal),
        }),
    })
  },
}
