import type { Connection, Ref } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A5',
  name: 'what is missing is created when it is opened',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openSender: async (target, signal) => {
            await create(inner, target, signal)
            return inner.openSender(target, signal)
          },
          openReceiver: async (source, options, signal) => {
            await create(inner, source, signal)
            return inner.openReceiver(source, options, signal)
          },
        }),
    }),
}

async function create({ topology }: Connection, ref: Ref, signal: AbortSignal): Promise<void> {
  if (ref.kind === 'queue' || ref.kind === 'topic') await topology.ensure(ref, {}, signal)
}
