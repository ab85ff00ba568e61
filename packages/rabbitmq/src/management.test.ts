import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { Management, managementSettings } from './management.ts'
import { checked, parseUrl } from './options.ts'

const CANARY = 'CANARY-m7f3'
const user = { username: 'us', password: CANARY, auth: 'plain', secure: false } as const

let close: () => void = () => undefined
afterEach(() => close())

async function served(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

function client(url: string): Management {
  const settings = managementSettings(url, user)
  if (settings === undefined) throw new Error('no settings')
  return new Management(settings, 'a/b')
}

const signal = () => AbortSignal.timeout(5_000)

test('asks page by page, as the user, in the vhost', async () => {
  const asked: string[] = []
  const url = await served((request, response) => {
    asked.push(`${request.url ?? ''} ${request.headers.authorization ?? ''}`)
    const page = Number(new URL(`http://x${request.url ?? ''}`).searchParams.get('page'))
    response.end(JSON.stringify({ items: [{ name: `q${page}` }, 'not an object'], page_count: 3 }))
  })
  expect(await client(`${url}/behind/`).list('queues', '^ab', ['name'], signal())).toEqual([
    { name: 'q1' },
    { name: 'q2' },
    { name: 'q3' },
  ])
  expect(asked).toHaveLength(3)
  expect(asked[0]).toMatch(/^\/behind\/api\/queues\/a%2Fb\?page=1&page_size=500&name=%5Eab&use_regex=true&columns=name/)
  expect(asked[0]).toContain(`Basic ${Buffer.from(`us:${CANARY}`).toString('base64')}`)
})

test.each([
  [401, '{}', 'UNAUTHORIZED', false],
  [403, '{}', 'UNAUTHORIZED', false],
  [404, '{}', 'NOT_FOUND', false],
  [500, 'x', 'UNAVAILABLE', true],
  [302, '', 'UNAVAILABLE', true],
  [200, 'no json', 'UNAVAILABLE', true],
  [200, '[]', 'UNAVAILABLE', true],
  [200, '{"items":1}', 'UNAVAILABLE', true],
] as const)('status %s with %j is %s, and shows no secret', async (status, text, code, retryable) => {
  const elsewhere: string[] = []
  const url = await served((request, response) => {
    if (request.url === '/elsewhere') elsewhere.push('followed')
    response.writeHead(status, { location: '/elsewhere' }).end(text)
  })
  const [outcome] = await Promise.allSettled([client(url).list('queues', '^ab', ['name'], signal())])
  expect(outcome).toMatchObject({ status: 'rejected', reason: { code, retryable } })
  for (const secret of [CANARY, Buffer.from(`us:${CANARY}`).toString('base64')])
    expect(inspect(outcome, { depth: 9, showHidden: true })).not.toContain(secret)
  expect(elsewhere).toEqual([])
})

test('one that never answers ends with the signal, one that is not there at once', async () => {
  const url = await served(() => undefined)
  const reason = new Error('enough')
  const end = new AbortController()
  const asking = client(url).list('queues', '^ab', ['name'], end.signal)
  setTimeout(() => end.abort(reason), 50)
  await expect(asking).rejects.toBe(reason)
  close()
  await expect(client(url).list('queues', '^ab', ['name'], signal())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('its own user, or that of AMQP', () => {
  const base = 'http://mq:15672/'
  expect(managementSettings('http://mq:15672', user)).toEqual({ base, username: 'us', password: CANARY })
  expect(managementSettings('http://m%40e:p%3Aw@mq:15672', user)).toEqual({ base, username: 'm@e', password: 'p:w' })
  expect(managementSettings(undefined, user)).toBeUndefined()
  const spelled = encodeURIComponent('https://mq/path')
  expect(checked(parseUrl(`amqp://a:b@mq?management=${spelled}`)).management).toEqual({
    base: 'https://mq/path/',
    username: 'a',
    password: 'b',
  })
})

test.each([
  [`ftp://user:${CANARY}@mq`, {}],
  [`http://user:${CANARY}%@mq`, {}],
  [`http://user:${CANARY}@mq?x=1`, {}],
  [`user:${CANARY}@mq`, {}],
  [5, {}],
  // What goes over TLS there must not go in the clear here.
  ['http://mq:15672', { secure: true }],
  ['https://mq', { auth: 'external' }],
] as const)('%s is a TypeError that shows no secret', (given, more) => {
  let error: unknown
  try {
    managementSettings(given, { ...user, ...more })
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(TypeError)
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(CANARY)
})
