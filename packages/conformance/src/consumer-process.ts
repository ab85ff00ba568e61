// One consumer in a process of its own, for `spawnConsumer`: argv is the module that connects, and the job.
import type { Broker, Delivery } from 'anybroker'
import type { SpawnJob } from './harness.ts'
import type { ChildSays } from './spawn-consumer.ts'

const [connectModule = '', job = ''] = process.argv.slice(2)
const { connect } = (await import(connectModule)) as { readonly connect: () => Promise<Broker> }
const { source, handler } = JSON.parse(job) as SpawnJob

// Whoever started it has gone: nobody will kill it any more.
process.on('disconnect', () => process.exit(1))

const tell = (message: ChildSays): void => void process.send?.(message)

const handle = async ({ id }: Delivery<unknown>): Promise<void> => {
  tell({ as: 'received', id })
  if (handler === 'hang') await new Promise(() => {})
}

const broker = await connect()
// Whatever the body is, it is not looked at.
const codec = 'bytes'
if ('queue' in source) await broker.queue<Uint8Array>(source.queue, { codec }).consume(handle)
else {
  const topic = broker.topic<Uint8Array>(source.topic, { codec })
  if (source.subscription === undefined) await topic.subscribe(handle)
  else await (await topic.durableSubscription(source.subscription)).consume(handle)
}
tell({ as: 'ready' })
