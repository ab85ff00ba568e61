import { override } from '@anybroker/testkit'
import type { Delivery } from 'anybroker'
import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'D5',
  name: 'a second verb does nothing and says nothing',
  wrapBroker: (broker) =>
    seeing(broker, {
      delivery: (inner: Delivery<unknown>) => {
        let first: Promise<void> | undefined
        return override(inner, {
          ack: () => (first ??= inner.ack()),
          retry: (options) => (first ??= inner.retry(options)),
          reject: (options) => (first ??= inner.reject(options)),
        })
      },
    }),
}
