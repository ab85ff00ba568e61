import type { Clause } from '@anybroker/driver'
import type { Broker, DeadLetters, DurableSubscription, Queue, Source, Topic } from 'anybroker'

/** What every asynchronous call takes, and all that these calls are given. */
export interface Given {
  readonly signal?: AbortSignal
}

type Methods<T> = {
  [K in keyof T]: K extends string ? (T[K] extends (...args: never[]) => unknown ? K : never) : never
}[keyof T]

/** One call for each method of an interface: a method that is added there must be added here before anything compiles. */
type Calls<T> = Readonly<Record<Methods<T>, (given?: Given) => Promise<unknown>>>

const handler = (): void => {}

function sourceCalls(source: Source<string>): Calls<Source<string>> {
  return {
    consume: (given) => source.consume(handler, given),
    consumeBatch: (given) => source.consumeBatch(handler, given),
    receive: (given) => source.receive(given)[Symbol.asyncIterator]().next(),
    depth: (given) => source.depth(given),
    peek: (given) => source.peek(given),
    purge: (given) => source.purge(given),
  }
}

export function deadLetterCalls(letters: DeadLetters<string>): Calls<DeadLetters<string>> {
  return {
    count: (given) => letters.count(given),
    peek: (given) => letters.peek(given),
    receive: (given) => letters.receive(given)[Symbol.asyncIterator]().next(),
    redrive: (given) => letters.redrive(given),
    purge: (given) => letters.purge(given),
  }
}

export function queueCalls(queue: Queue<string>): Calls<Queue<string>> {
  return {
    ...sourceCalls(queue),
    open: (given) => queue.open(given),
    send: (given) => queue.send('a', given),
    sendAll: (given) => queue.sendAll([{ body: 'a' }, { body: 'b' }], given),
    request: (given) => queue.request('a', given),
    delete: (given) => queue.delete(given),
  }
}

export function topicCalls(topic: Topic<string>): Calls<Topic<string>> {
  return {
    open: (given) => topic.open(given),
    publish: (given) => topic.publish('a', given),
    publishAll: (given) => topic.publishAll([{ body: 'a' }, { body: 'b' }], given),
    durableSubscription: (given) => topic.durableSubscription('another', given),
    subscribe: (given) => topic.subscribe(handler, given),
    delete: (given) => topic.delete(given),
  }
}

export function subscriptionCalls(subscription: DurableSubscription<string>): Calls<DurableSubscription<string>> {
  return {
    ...sourceCalls(subscription),
    seek: (given) => subscription.seek('start', given),
    unsubscribe: (given) => subscription.unsubscribe(given),
  }
}

/** The calls of a broker that do I/O of their own: `queue` and `topic` do none, `close` and `on` are no calls to fail. */
export function brokerCalls(broker: Broker): Readonly<Record<'list', (given?: Given) => Promise<unknown>>> {
  return { list: (given) => broker.list(given) }
}

/** The clause that a call asks for, where it is one that a driver may lack. */
export const CLAUSE_OF_CALL: Readonly<Record<string, Clause>> = {
  depth: 'A2',
  count: 'A2',
  peek: 'A3',
  purge: 'A4',
  seek: 'R1',
  request: 'R4',
  subscribe: 'E1',
  list: 'A6',
}
