import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import { kafka, type KafkaOptions } from '@anybroker/kafka'
import { connect } from 'anybroker'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { up, urlVariable, type Broker as Process } from '../brokers/brokers.ts'
import { installFolder } from '../brokers/folders.ts'
import { kafkaVersion } from '../brokers/native/kafka-version.ts'
import { freePorts } from '../brokers/ports.ts'
import { readStates } from '../brokers/state.ts'

const run = promisify(execFile)
const found = process.env[urlVariable('kafka')] ?? ''
const shared = found === '' ? undefined : await up('kafka')
const WRONG = 'CANARY-51d0'
const namespace = `a${process.pid}`

describe.skipIf(shared?.origin !== 'native' || !hasOpenssl())('TLS, SASL and rights on listeners of Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'anybroker-kafka-'))
  const path = (name: string) => join(folder, name)
  const pem = (name: string) => readFileSync(path(name))
  let own: Process
  let tlsPort = 0
  let saslPort = 0
  const host = '127.0.0.1'
  const sasl = (username: string, password: string, mechanism: 'plain' | 'scram-sha-256' = 'plain'): KafkaOptions => ({
    hosts: [{ host, port: saslPort }],
    namespace,
    sasl: { mechanism, username, password },
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 250,
  })

  beforeAll(async () => {
    authority('ca')
    authority('other')
    certificate('server')
    writeFileSync(path('keystore.pem'), Buffer.concat([pem('server.key'), pem('server.pem')]))
    own = await up('kafka', { for: 'own' })
    const [tls = 0, secure = 0] = await freePorts(2)
    tlsPort = tls
    saslPort = secure
    const state = readStates().find(({ ports }) => own.url.endsWith(`:${ports[0]}`))
    if (state === undefined) throw new Error('found no folder of the broker')
    const settings = join(state.folder, 'node-1', 'server.properties')
    appendFileSync(settings, listeners(readFileSync(settings, 'utf8')))
    await own.restart()
    await scramUser('scrammed', 'scram-secret')
  }, 120_000)
  afterAll(async () => {
    await own.down()
    rmSync(folder, { recursive: true })
  })

  test('TLS by files of a URL', async () => {
    const url = `kafka://${host}:${tlsPort}/?namespace=${namespace}&tls=true&caFile=${path('ca.pem')}`
    await using broker = await connect(url)
    await roundTrip(broker.queue<string>('tls'))
  })

  test.each([
    ['an unknown authority', () => ({ tls: { ca: pem('other.pem') } }), 'UNAUTHORIZED'],
    ['another name', () => ({ tls: { ca: pem('ca.pem'), serverName: 'elsewhere' } }), 'UNAUTHORIZED'],
    ['no TLS at all', () => ({}), 'UNAVAILABLE'],
  ])('TLS: %s is refused within the connect time', { timeout: 30_000 }, async (_, options, code) => {
    const driver = kafka({ hosts: [{ host, port: tlsPort }], ...options() })
    const [outcome] = await Promise.allSettled([connect(driver)])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
  })

  test('SASL PLAIN and SCRAM', async () => {
    for (const options of [sasl('app', 'app-secret'), sasl('scrammed', 'scram-secret', 'scram-sha-256')]) {
      await using broker = await connect(kafka(options))
      expect(broker.driver).toBe('kafka')
    }
    await using broker = await connect(`kafka://admin:admin-secret@${host}:${saslPort}/?namespace=${namespace}`)
    await roundTrip(broker.queue<string>('sasl'))
  })

  test.each([
    ['a wrong password', () => sasl('app', WRONG)],
    ['an unknown user', () => sasl('nobody', WRONG)],
    ['a wrong password by SCRAM', () => sasl('scrammed', WRONG, 'scram-sha-256')],
  ])('SASL: %s is UNAUTHORIZED, and shows no secret', async (_, options) => {
    const began = performance.now()
    const [outcome] = await Promise.allSettled([connect(kafka(options()))])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAUTHORIZED' } })
    expect(inspect(outcome, { depth: 9 })).not.toContain(WRONG)
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  test('without rights it is UNAUTHORIZED when it is opened', async () => {
    await using broker = await connect(kafka(sasl('app', 'app-secret')))
    const [outcome] = await Promise.allSettled([broker.queue('forbidden').open()])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAUTHORIZED' } })
  })

  test(
    'with the rights of the table and provision never: sends, consumes, retries and buries',
    { timeout: 60_000 },
    async () => {
      await using owner = await connect(kafka(sasl('admin', 'admin-secret')))
      await owner.queue('poor').open()
      await owner.topic('poor').durableSubscription('billing')
      await grant('app', namespace)
      await using poor = await connect(kafka(sasl('app', 'app-secret')), { provision: 'never' })
      const retry = { maxAttempts: 2, backoff: { initialMs: 10 } }
      const queue = poor.queue<string>('poor', { retry })
      const topic = poor.topic<string>('poor')
      const subscription = await topic.durableSubscription('billing', { retry })
      const seen: string[] = []
      const handler = ({ body }: { readonly body: string }) => {
        seen.push(body)
        throw new Error('no')
      }
      await using one = await queue.consume(handler)
      await using other = await subscription.consume(handler)
      await queue.send('q')
      await topic.publish('t')
      await expect.poll(() => [one.stats.deadLettered, other.stats.deadLettered], { timeout: 20_000 }).toEqual([1, 1])
      expect(seen.toSorted()).toEqual(['q', 'q', 't', 't'])
      // Delayed for longer than it is held in hand, and given back by a consumer that closes.
      await queue.send('later', { delayMs: 120_000 })
    },
  )

  function listeners(before: string): string {
    const plain = /^listeners=(.*)$/m.exec(before)?.[1] ?? ''
    const advertised = `${plain},TLS://${host}:${tlsPort},SASL://${host}:${saslPort}`
    const user = (name: string) => `user_${name}="${name}-secret"`
    const module = 'org.apache.kafka.common.security'
    return Object.entries({
      listeners: advertised,
      'advertised.listeners': advertised,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,SASL:SASL_PLAINTEXT',
      'listener.name.tls.ssl.keystore.type': 'PEM',
      'listener.name.tls.ssl.keystore.location': path('keystore.pem'),
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
      'listener.name.sasl.plain.sasl.jaas.config': `${module}.plain.PlainLoginModule required ${user('admin')} ${user('app')};`,
      'listener.name.sasl.scram-sha-256.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:admin;User:ANONYMOUS',
    })
      .map(([name, value]) => `${name}=${value}\n`)
      .join('')
  }

  async function scramUser(name: string, password: string): Promise<void> {
    const jars = join(installFolder(`kafka-${kafkaVersion}`), '*')
    const add = ['--alter', '--entity-type', 'users', '--entity-name', name]
    const credentials = ['--add-config', `SCRAM-SHA-256=[password=${password}]`]
    const bootstrap = ['--bootstrap-server', own.url.replace('kafka://', '')]
    await run('java', ['-cp', jars, 'kafka.admin.ConfigCommand', ...bootstrap, ...add, ...credentials])
  }

  /** What docs/drivers/kafka.md says that sending and consuming need, by prefix. */
  async function grant(user: string, prefix: string): Promise<void> {
    const admin = new Kafka({ brokers: [own.url.replace('kafka://', '')], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const rule = { principal: `User:${user}`, host: '*', permissionType: AclPermissionTypes.ALLOW }
    const of = { resourceName: `${prefix}.`, resourcePatternType: ResourcePatternTypes.PREFIXED }
    const { READ, WRITE, DESCRIBE } = AclOperationTypes
    await admin.createAcls({
      acl: [
        ...[READ, WRITE, DESCRIBE].map((operation) => ({
          ...rule,
          ...of,
          operation,
          resourceType: AclResourceTypes.TOPIC,
        })),
        { ...rule, ...of, operation: READ, resourceType: AclResourceTypes.GROUP },
      ],
    })
    await admin.disconnect()
  }

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

  function certificate(name: string): void {
    const request = path(`${name}.csr`)
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-keyout',
      path(`${name}.key`),
      '-out',
      request,
      '-addext',
      `subjectAltName=DNS:localhost,IP:${host}`,
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

async function roundTrip(queue: {
  send(body: string): Promise<unknown>
  consume(handler: (delivery: { readonly body: string }) => void): Promise<{ close(): Promise<void> }>
}): Promise<void> {
  const seen: string[] = []
  const worker = await queue.consume(({ body }) => void seen.push(body))
  await queue.send('there and back')
  await expect.poll(() => seen, { timeout: 15_000 }).toEqual(['there and back'])
  await worker.close()
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    // Not installed: then nothing makes the certificates.
    return false
  }
}

function openssl(...asked: readonly string[]): void {
  execFileSync('openssl', asked, { stdio: 'ignore' })
}
