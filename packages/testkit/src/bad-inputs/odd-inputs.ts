import type { BadInputBroker } from './bad-input.ts'

/** Looks wrong and is right: must resolve, and what is sent must arrive as it was. */
export interface OddInput {
  readonly id: string
  readonly what: string
  readonly run: (broker: BadInputBroker, name: string) => Promise<unknown>
}

/** Names that break a registry which is an ordinary object, and the shortest and longest there may be. */
export const ODD_NAMES: readonly string[] = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'aa',
  'a-_-_-9',
  'a--b',
  'orders-dlq',
  'AA',
  'a'.repeat(64),
]

const codec = (name: 'bytes' | 'text') => ({ codec: name })

export const ODD_INPUTS: readonly OddInput[] = [
  { id: 'P2', what: 'null as JSON', run: (broker, name) => broker.queue(name).send(null) },
  { id: 'P2', what: 'an empty string as JSON', run: (broker, name) => broker.queue(name).send('') },
  { id: 'P2', what: 'false as JSON', run: (broker, name) => broker.queue(name).send(false) },
  { id: 'P2', what: 'a lone surrogate as JSON', run: (broker, name) => broker.queue(name).send('\uD800') },
  {
    id: 'P2',
    what: 'an object without prototype as JSON',
    run: (broker, name) => broker.queue(name).send(Object.create(null)),
  },
  {
    id: 'P4',
    what: 'a view of an ArrayBuffer',
    run: (broker, name) => broker.queue(name, codec('bytes')).send(new DataView(new ArrayBuffer(9), 1, 3)),
  },
  {
    id: 'P4',
    what: 'a view of a SharedArrayBuffer',
    run: (broker, name) => broker.queue(name, codec('bytes')).send(new Uint8Array(new SharedArrayBuffer(9), 1, 3)),
  },
  { id: 'P6', what: 'no bytes', run: (broker, name) => broker.queue(name, codec('bytes')).send(new Uint8Array()) },
  { id: 'P6', what: 'no text', run: (broker, name) => broker.queue(name, codec('text')).send('') },
  {
    id: 'P7',
    what: 'exactly 180 KiB',
    run: (broker, name) => broker.queue(name, codec('bytes')).send(new Uint8Array(180 * 1024)),
  },
  { id: 'H4', what: 'an empty header', run: (broker, name) => broker.queue(name).send({}, { headers: { a: '' } }) },
  {
    id: 'H4',
    what: 'control characters and emoji in a header',
    run: (broker, name) => broker.queue(name).send({}, { headers: { a: '\0\r\n\t😀' } }),
  },
  {
    id: 'H6',
    what: 'a header of exactly 1,024 bytes',
    run: (broker, name) => broker.queue(name).send({}, { headers: { a: '€'.repeat(341) + 'a' } }),
  },
  {
    id: 'H7',
    what: '32 headers',
    run: (broker, name) =>
      broker
        .queue(name)
        .send({}, { headers: Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`h${index}`, 'v'])) }),
  },
  {
    id: 'H12',
    what: 'constructor as header',
    run: (broker, name) => broker.queue(name).send({}, { headers: { constructor: 'x', toString: 'y' } }),
  },
  {
    id: 'H15',
    what: 'headers as a Map',
    run: (broker, name) => broker.queue(name).send({}, { headers: new Map([['a', 'b']]) }),
  },
  {
    id: 'H15',
    what: 'headers without prototype',
    run: (broker, name) =>
      broker.queue(name).send({}, { headers: Object.assign(Object.create(null) as object, { a: 'b' }) }),
  },
  { id: 'H15', what: 'no headers at all', run: (broker, name) => broker.queue(name).send({}, { headers: {} }) },
  {
    id: 'K5',
    what: 'an id of 128 characters',
    run: (broker, name) => broker.queue(name).send({}, { id: 'i'.repeat(128) }),
  },
  { id: 'B1', what: 'sendAll of nothing', run: (broker, name) => broker.queue(name).sendAll([]) },
  {
    id: 'B1',
    what: 'sendAll of an iterator',
    run: (broker, name) => broker.queue(name).sendAll(new Set([{ body: 1 }]).values()),
  },
  {
    id: 'O1',
    what: 'undefined options',
    run: (broker, name) => broker.queue(name, undefined).send({}, { key: undefined, headers: undefined }),
  },
]
