import type { Ref, SourceRef } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

function suffixed<R extends Ref | SourceRef>(ref: R): R | SourceRef {
  if (ref.kind !== 'dead-letters' || ref.of.kind !== 'queue') return ref
  return { ...ref.of, name: `${ref.of.name}-dlq` }
}

export const mutant: Mutant = {
  clause: 'M6',
  name: 'the dead letters of a queue are the queue of its name and -dlq',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openSender: (target, signal) => inner.openSender(suffixed(target), signal),
          openReceiver: (source, options, signal) => inner.openReceiver(suffixed(source), options, signal),
        }),
      topology: (inner) =>
        override(inner, {
          ensure: async (ref, settings, signal) => {
            if (ref.kind === 'queue') await inner.ensure({ ...ref, name: `${ref.name}-dlq` }, {}, signal)
            return inner.ensure(ref, settings, signal)
          },
        }),
    }),
}
