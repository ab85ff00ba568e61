import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'L3',
  name: 'one window for all queues and topics: the dedupId of one swallows a message of the other',
  wrap: (driver) => {
    const known = new Set<string>()
    return wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            Promise.all(
              batch.map(async (message) => {
                const { dedupId } = message
                if (dedupId !== undefined && known.has(dedupId)) return { as: 'confirmed', evidence: 'known' } as const
                if (dedupId !== undefined) known.add(dedupId)
                const [outcome] = await inner.send([message], signal)
                return outcome ?? ({ as: 'unknown', error: new Error('no outcome') } as const)
              }),
            ),
        }),
    })
  },
}
