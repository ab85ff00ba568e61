import type { WireDelivery } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C3',
  name: 'an aborted receive takes the next message all the same, and forgets it',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: (max, options) => {
            const aside = new AbortController()
            const taking = inner.receive(max, { ...options, signal: aside.signal })
            return new Promise<readonly WireDelivery[]>((resolve, reject) => {
              const aborted = (): void => {
                const forget = (late: readonly WireDelivery[]) =>
                  inner.settle(
                    late.map(({ receipt }) => ({ receipt, as: 'ack' })),
                    aside.signal,
                  )
                taking.then(forget).catch(() => {})
                reject(options.signal.reason)
              }
              options.signal.addEventListener('abort', aborted, { once: true })
              taking.then(resolve, reject)
            })
          },
        }),
    }),
}
