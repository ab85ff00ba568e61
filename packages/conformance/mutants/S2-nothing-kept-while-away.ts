import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S2',
  name: 'what came while its consumers were away is dropped when they return',
  wrap: (driver) => {
    const left = new Set<string>()
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openReceiver: async (source, options, signal) => {
            const receiver = await inner.openReceiver(source, options, signal)
            if (source.kind !== 'subscription') return receiver
            const name = `${source.topic}/${source.name}`
            if (left.delete(name)) await inner.admin.purge?.(source, signal)
            return override(receiver, {
              close: (abort) => {
                left.add(name)
                return receiver.close(abort)
              },
            })
          },
        }),
    })
  },
}
