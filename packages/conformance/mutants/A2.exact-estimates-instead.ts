import type { Capabilities } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Queue, QueueOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'
import { without } from './kit/without.ts'

export const mutant: Mutant = {
  clause: 'A2.exact',
  name: 'asked for an exact depth, it gives an estimate',
  wrap: (driver) =>
    wrapDriver(driver, {
      capabilities: (all): Capabilities => ({ ...all, 'A2.exact': { grade: 'none', proof: 'engine' } }),
    }),
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, { depth: (asked = {}) => queue.depth(without(asked, 'exact')) })
      },
    }),
}
