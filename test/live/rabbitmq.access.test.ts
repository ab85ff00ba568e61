import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { inspect, promisify } from 'node:util'
import { rabbitmq } from '@anybroker/rabbitmq'
import { connect } from 'anybroker'
import { up } from '../brokers/brokers.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const url = process.env['ANYBROKER_TEST_RABBITMQ_4_URL'] ?? ''
const broker = url === '' ? undefined : await up('rabbitmq-4')
const namespace = `a${process.pid}`
const WRONG = 'CANARY-51d0'

describe.skipIf(url === '' || !has('openssl'))('TLS, client certificates and several hosts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'anybroker-tls-'))
  const path = (name: string) => join(folder, name)
  const pem = (name: string) => readFileSync(path(name))
  let port = 0
  let close: () => Promise<void>

  beforeAll(async () => {
    authority('ca')
    certificate('server', 'localhost')
    certificate('client', 'client')
    authority('other')
    const { hostname, port: plain } = new URL(url)
    const server = createServer(
      { cert: pem('server.pem'), key: pem('server.key'), ca: pem('ca.pem'), requestCert: true },
      (near) => {
        const far = connectSocket({ host: hostname, port: Number(plain) })
        near.on('error', () => far.destroy())
        far.on('error', () => near.destroy())
        near.pipe(far).pipe(near)
      },
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
    close = promisify(server.close.bind(server))
  })
  afterAll(async () => {
    await close()
    rmSync(folder, { recursive: true })
  })

  test('a URL with files, and a first host that is not there', async () => {
    const files = `caFile=${path('ca.pem')}&certFile=${path('client.pem')}&keyFile=${path('client.key')}`
    const secure = `amqps://guest:guest@127.0.0.1:1,localhost:${port}/?namespace=${namespace}&${files}`
    for (let times = 0; times < 4; times++) {
      await using secured = await connect(secure)
      const queue = secured.queue<string>('tls')
      await queue.send('x')
      await queue.delete()
    }
  })

  test.each([
    ['no client certificate', () => ({ ca: pem('ca.pem') }), /UNAVAILABLE|UNAUTHORIZED/],
    ['another authority', () => ({ ca: pem('other.pem') }), /UNAUTHORIZED/],
    [
      'another name',
      () => ({ ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key'), serverName: 'elsewhere' }),
      /UNAUTHORIZED/,
    ],
  ])('%s is refused', async (_, tls, code) => {
    const driver = rabbitmq({ hosts: [{ host: 'localhost', port }], tls: tls(), password: WRONG, namespace })
    const [outcome] = await Promise.allSettled([connect(driver)])
    expect(outcome.status).toBe('rejected')
    const error: unknown = outcome.status === 'rejected' ? outcome.reason : undefined
    expect(error).toHaveProperty('code', expect.stringMatching(code))
    expect(inspect(error)).not.toContain(WRONG)
  })

  function authority(name: string): void {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.pem`),
    )
  }

  function certificate(name: string, common: string): void {
    const request = path(`${name}.csr`)
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${common}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      request,
      '-addext',
      `subjectAltName=DNS:${common}`,
    )
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-copy_extensions',
      'copy',
      '-out',
      path(`${name}.pem`),
    )
  }
})

describe.skipIf(broker === undefined || broker.origin === 'url')('a user who may configure nothing', () => {
  const user = `poor${process.pid}`
  const asUser = new URL(url || 'amqp://none')
  asUser.username = user
  asUser.password = 'secret'
  asUser.searchParams.set('namespace', namespace)
  const asOwner = new URL(url || 'amqp://none')
  asOwner.searchParams.set('namespace', namespace)

  beforeAll(async () => {
    await broker?.rabbitmqctl('add_user', user, 'secret')
    await broker?.rabbitmqctl('set_permissions', user, '^$', '.*', '.*')
  })
  afterAll(async () => {
    await broker?.rabbitmqctl('delete_user', user)
  })

  test.each(['never', 'verify'] as const)(
    'sends, consumes, retries and buries with provision %s',
    async (provision) => {
      await using owner = await connect(asOwner.href)
      const options = { retry: { maxAttempts: 2, backoff: { initialMs: 10 } } } as const
      for (const ordering of ['none', 'key'] as const) {
        const name = `poor-${provision}-${ordering}`
        await owner.queue(name, { ordering }).open()
        await owner.topic(name, { ordering }).durableSubscription('billing')
        await using poor = await connect(asUser.href, { provision })
        const queue = poor.queue<string>(name, { ...options, ordering })
        const topic = poor.topic<string>(name, { ordering })
        const subscription = await topic.durableSubscription('billing', options)
        const seen: string[] = []
        const handler = ({ body }: { readonly body: string }) => {
          seen.push(body)
          throw new Error('no')
        }
        await using one = await queue.consume(handler)
        await using other = await subscription.consume(handler)
        await queue.send('q')
        await topic.publish('t')
        await expect.poll(() => [one.stats.deadLettered, other.stats.deadLettered], { timeout: 10_000 }).toEqual([1, 1])
        expect(seen.toSorted()).toEqual(['q', 'q', 't', 't'])
      }
      await expect(connect(asUser.href).then((poor) => poor.queue('poor-new').open())).rejects.toThrow(
        /UNAUTH|403|ACCESS/,
      )
    },
  )

  test('a delay that is not held in hand is UNAUTHORIZED, and says what it needs', async () => {
    await using owner = await connect(asOwner.href)
    await owner.queue('poor-delay').open()
    await using poor = await connect(asUser.href, { provision: 'never' })
    const sending = poor.queue<string>('poor-delay').send('x', { delayMs: 120_000 })
    await expect(sending).rejects.toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining('configure') })
  })
})

function has(command: string): boolean {
  try {
    execFileSync(command, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    // Not installed: then the tests that need it are skipped.
    return false
  }
}

function openssl(...asked: readonly string[]): void {
  execFileSync('openssl', asked, { stdio: 'ignore' })
}
