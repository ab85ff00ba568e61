import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { checked, parseUrl } from './options.ts'

test('a URL with several nodes, a user and options', () => {
  const url =
    'kafka://us%40er:p%3Aw@one,two:9093,[::1]:9094/?tls=true&sasl=scram-sha-512&namespace=shop&partitions=6&sessionTimeoutMs=9000'
  expect(checked(parseUrl(url))).toMatchObject({
    hosts: [
      { host: 'one', port: 9092 },
      { host: 'two', port: 9093 },
      { host: '::1', port: 9094 },
    ],
    sasl: { mechanism: 'scram-sha-512', username: 'us@er', password: 'p:w' },
    tls: { minVersion: 'TLSv1.2' },
    namespace: 'shop',
    partitions: 6,
    sessionTimeoutMs: 9_000,
    heartbeatIntervalMs: 1_000,
  })
})

test('defaults', () => {
  expect(checked(parseUrl('kafka://k'))).toMatchObject({
    tls: undefined,
    sasl: undefined,
    namespace: 'ab',
    partitions: 12,
    topicRetentionMs: 604_800_000,
    sessionTimeoutMs: 30_000,
    probeTopic: 'ab.meta',
  })
  expect(checked(parseUrl('kafka://user:secret@k')).sasl).toMatchObject({ mechanism: 'plain' })
})

test('a node is a name, a name with a port, or an address', () => {
  const { hosts } = checked({ hosts: ['k', 'k:9093', '::1', '[::1]:9094', { host: '10.0.0.1' }] })
  expect(hosts.map(({ host, port }) => `${host} ${port}`)).toEqual([
    'k 9092',
    'k 9093',
    '::1 9092',
    '::1 9094',
    '10.0.0.1 9092',
  ])
})

test('a token is asked for at each connection', async () => {
  let asked = 0
  const token = async () => `token ${(asked += 1)}`
  const { sasl } = checked({ hosts: ['k'], sasl: { mechanism: 'oauthbearer', token } })
  const { oauthBearerProvider } = sasl as { readonly oauthBearerProvider: () => Promise<unknown> }
  expect([await oauthBearerProvider(), await oauthBearerProvider()]).toEqual([
    { value: 'token 1' },
    { value: 'token 2' },
  ])
})

const CANARY = 'CANARY-7f3'
test.each([
  `kafka://user:${CANARY}@`,
  `kafka://user:${CANARY}@host:99999`,
  `kafka://user:${CANARY}@host:port`,
  `kafka://user:${CANARY}@host/path`,
  `kafka://user:${CANARY}@host?what=1`,
  `kafka://user:${CANARY}@host?namespace=a&namespace=b`,
  `kafka://user:${CANARY}@host?namespace=_a`,
  `kafka://user:${CANARY}@host?namespace=a_`,
  `kafka://user:${CANARY}@host?tls=yes`,
  `kafka://user:${CANARY}%@host`,
  `kafka://user:${CANARY}@host?caFile=x`,
  `kafka://user:${CANARY}@host?tls=true&caFile=/nowhere/at/all`,
  `kafka://user:${CANARY}@host?sasl=gssapi`,
  `kafka://user:${CANARY}@host?sasl=oauthbearer`,
  `kafka://user:${CANARY}@host?partitions=0`,
  `kafka://user:${CANARY}@host?partitions=many`,
  `kafka://user:${CANARY}@host?sessionTimeoutMs=5999`,
  `kafka://user:${CANARY}@host?sessionTimeoutMs=6000&heartbeatIntervalMs=2001`,
  `kafka://user@host`,
  `kafka://host?sasl=plain`,
  `amqp://host`,
])('%s is a TypeError that shows no secret', (url) => {
  const attempt = () => checked(parseUrl(url))
  expect(attempt).toThrow(TypeError)
  try {
    attempt()
  } catch (error) {
    expect(inspect(error)).not.toContain(CANARY)
  }
})

test.each([
  [{}],
  [{ hosts: [] }],
  [{ hosts: 'k' }],
  [{ hosts: ['k:port'] }],
  [{ hosts: [{ host: 'k:9092' }] }],
  [{ hosts: [{ host: 'k', port: 1.5 }] }],
  [{ hosts: [{ host: 'k', ports: 1 }] }],
  [{ hosts: ['k'], brokers: ['k'] }],
  [{ hosts: ['k'], tls: 'yes' }],
  [{ hosts: ['k'], tls: { cert: 'x' } }],
  [{ hosts: ['k'], tls: { ca: 7 } }],
  [{ hosts: ['k'], tls: { serverName: 7 } }],
  [{ hosts: ['k'], sasl: { mechanism: 'plain', username: 'u' } }],
  [{ hosts: ['k'], sasl: { mechanism: 'plain', username: 'u', password: 'p', token: 't' } }],
  [{ hosts: ['k'], sasl: { mechanism: 'oauthbearer', token: 'text' } }],
  [{ hosts: ['k'], topicRetentionMs: 59_999 }],
  [{ hosts: ['k'], partitions: 1_001 }],
  [{ hosts: ['k'], clientId: 'x'.repeat(250) }],
  [{ hosts: ['k'], socketFactory: 'proxy' }],
  [null],
  ['kafka://k'],
])('%j is a TypeError', (options) => {
  expect(() => checked(options as never)).toThrow(/^kafka: /)
})

test('what is checked is copied and frozen', () => {
  const hosts = ['one']
  const settings = checked({ hosts, tls: { ca: 'pem' } })
  hosts.push('two')
  expect(settings.hosts).toHaveLength(1)
  expect(Object.isFrozen(settings)).toBe(true)
  expect(Object.isFrozen(settings.hosts)).toBe(true)
  expect(Object.isFrozen(settings.tls)).toBe(true)
})
