import type { WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C4',
  name: 'a send is confirmed as soon as it is buffered, and an outage takes the buffer',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) => {
        let buffered: WireMessage[] = []
        const flush = async (): Promise<void> => {
          const batch = buffered
          buffered = []
          if (batch.length > 0) await inner.send(batch, new AbortController().signal)
        }
        return override(inner, {
          send: async (batch) => {
            if (buffered.length === 0) setTimeout(() => void flush().catch(() => {}), 30)
            buffered.push(...batch)
            return batch.map(() => ({ as: 'confirmed', evidence: 'buffered' }))
          },
          close: async () => {
            await flush().catch(() => {})
            await inner.close()
          },
        })
      },
    }),
}
