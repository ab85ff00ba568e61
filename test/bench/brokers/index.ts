import type { BrokerBench } from '../bench.ts'

/** Loaded by the child that measures, so that a case sees no other broker's client. */
export const brokers: Readonly<Record<string, () => Promise<BrokerBench>>> = {
  'google-pubsub': async () => (await import('./google-pubsub.ts')).googlePubsubBench,
  memory: async () => (await import('./memory.ts')).memoryBench,
  rabbitmq: async () => (await import('./rabbitmq.ts')).rabbitmqBench,
}
