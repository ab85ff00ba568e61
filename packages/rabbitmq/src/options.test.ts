import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { checked, parseUrl } from './options.ts'

test('a URL with several hosts', () => {
  const settings = checked(parseUrl('amqp://us%40er:p%3Aw@one,two:5673,[::1]:5674/my%2Fvhost?namespace=shop'))
  expect(settings).toMatchObject({
    hosts: [
      { host: 'one', port: 5672 },
      { host: 'two', port: 5673 },
      { host: '::1', port: 5674 },
    ],
    username: 'us@er',
    password: 'p:w',
    vhost: 'my/vhost',
    namespace: 'shop',
    tls: undefined,
  })
})

test('amqps has TLS and its own port', () => {
  expect(checked(parseUrl('amqps://mq'))).toMatchObject({
    hosts: [{ port: 5671 }],
    tls: {},
    username: 'guest',
    vhost: '/',
  })
  expect(checked(parseUrl('amqps://mq?serverName=other')).tls).toEqual({ serverName: 'other' })
})

const CANARY = 'CANARY-7f3'
test.each([
  `amqp://user:${CANARY}@`,
  `amqp://user:${CANARY}@host:99999`,
  `amqp://user:${CANARY}@host:port`,
  `amqp://user:${CANARY}@host?what=1`,
  `amqp://user:${CANARY}@host?namespace=a&namespace=b`,
  `amqp://user:${CANARY}%@host`,
  `amqp://user:${CANARY}@host?caFile=x`,
  `amqps://user:${CANARY}@host?caFile=/nowhere/at/all`,
  `amqp://user:${CANARY}@host?heartbeatSeconds=x`,
  `amqp://user:${CANARY}@host?auth=external`,
  `amqp://user:${CANARY}@host?namespace=${CANARY}.x`,
  `http://user:${CANARY}@host`,
])('what is wrong in %s is a TypeError that shows no password', (url) => {
  let error: unknown
  try {
    checked(parseUrl(url))
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(TypeError)
  expect(inspect(error)).not.toContain(CANARY)
})

test('options are checked by name', () => {
  for (const [options, name] of [
    [{}, /hosts/],
    [{ hosts: [] }, /hosts/],
    [{ hosts: ['a:1/'] }, /host/],
    [{ hosts: ['a'], what: 1 }, /what/],
    [{ hosts: ['a'], tls: { cert: 'x' } }, /tls\.cert/],
    [{ hosts: ['a'], tls: { insecure: true } }, /insecure/],
    [{ hosts: ['a'], auth: 'external' }, /external/],
    [{ hosts: ['a'], heartbeatSeconds: 0 }, /heartbeatSeconds/],
  ] as const)
    expect(() => checked(options as never)).toThrow(name)
})
