import { connect as connectTo, type Broker } from 'anybroker'

const STORE = 'memory:of-the-process'

/** A store of the process that asks, in which one message waits. */
export async function connect(): Promise<Broker> {
  await using sender = await connectTo(STORE)
  await sender.queue('waiting').send('hello', { id: 'the-one' })
  return await connectTo(STORE)
}
