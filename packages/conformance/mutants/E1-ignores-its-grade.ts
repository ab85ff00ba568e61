import { override, wrapDriver } from '@anybroker/testkit'
import type { ConsumeOptions, Handler, TopicOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

const unsupported = { grade: 'none', proof: 'engine' } as const

/** Graded `none`, and a durable subscription in its place. */
const insteadOf = (clause: 'E1' | 'E2'): Mutant => ({
  clause,
  name: 'graded none, subscribe makes a durable subscription instead of UNSUPPORTED',
  wrap: (driver) => wrapDriver(driver, { capabilities: (all) => ({ ...all, [clause]: unsupported }) }),
  wrapBroker: (broker) =>
    override(broker, {
      topic: <T>(name: string, options?: TopicOptions<T>) => {
        const topic = broker.topic<T>(name, options)
        return override(topic, {
          subscribe: async (handler: Handler<T>, asked?: ConsumeOptions) =>
            (await topic.durableSubscription('instead')).consume(handler, asked),
        })
      },
    }),
})

export const mutants: readonly Mutant[] = [insteadOf('E1'), insteadOf('E2')]
