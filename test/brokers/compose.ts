// Brokers as services of docker-compose.yml. A service has the name of its broker.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { addressOf, answers } from './answers.ts'
import type { Broker } from './broker.ts'
import { workTree } from './folders.ts'
import type { BrokerName } from './names.ts'
import { kafkaVersion } from './native/kafka-version.ts'
import { until } from './until.ts'

const run = promisify(execFile)

export interface Service {
  /** Its port on the loopback address, unless the environment names another one. */
  readonly port: number
  /** The environment variable that does. */
  readonly portVariable: string
  readonly image: string
  url(port: number): string
}

const amqp = (port: number): string => `amqp://guest:guest@127.0.0.1:${port}`
const http = (port: number): string => `http://127.0.0.1:${port}`

/** What docker-compose.yml offers. `compose.test.ts` holds the two together. */
export const services: Readonly<Partial<Record<BrokerName, Service>>> = {
  'rabbitmq-3': { image: 'rabbitmq:3.10-management', port: 5673, portVariable: 'RABBITMQ_3_PORT', url: amqp },
  'rabbitmq-4': { image: 'rabbitmq:4-management', port: 5672, portVariable: 'RABBITMQ_4_PORT', url: amqp },
  kafka: {
    image: `apache/kafka:${kafkaVersion}`,
    port: 9092,
    portVariable: 'KAFKA_PORT',
    url: (port) => `kafka://127.0.0.1:${port}`,
  },
  'google-pubsub': {
    image: 'gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators',
    port: 8085,
    portVariable: 'GOOGLE_PUBSUB_PORT',
    url: http,
  },
  fauxqs: { image: 'kibertoad/fauxqs:2.4.1', port: 4566, portVariable: 'FAUXQS_PORT', url: http },
}

/** The profile of the services that a plain `docker compose up` leaves out. */
export const onRequest = 'on-request'

/** One start of docker-compose.yml. */
export interface Project {
  /** Its name for Docker; absent: the one that `docker compose up` in the work tree has. */
  readonly name?: string
  /** The port of the broker; absent: the usual one. */
  readonly port?: number
}

let engine: Promise<boolean> | undefined

/** Whether Docker Compose is there and an engine answers it. Asked once. */
export function composeAnswers(): Promise<boolean> {
  engine ??= Promise.all([
    run('docker', ['compose', 'version'], { timeout: 10_000 }),
    run('docker', ['info'], { timeout: 10_000 }),
  ]).then(
    () => true,
    () => false,
  )
  return engine
}

/** Whether the service of this broker was started in that project: it may run, be killed, or be frozen. */
export async function composeHas(name: BrokerName, project: Project): Promise<boolean> {
  if (services[name] === undefined || !(await composeAnswers())) return false
  const listed = await compose(name, project, 'ps', '--all', '--services')
  return listed.split('\n').includes(name)
}

/** Starts the service and waits until it is healthy and answers. */
export async function startCompose(name: BrokerName, project: Project): Promise<Broker> {
  await compose(name, project, 'up', '--detach', '--wait', name)
  const broker = composeBroker(name, project)
  await ready(broker)
  return broker
}

/** The handle of a service that runs, or did. */
export function composeBroker(name: BrokerName, project: Project): Broker {
  const docker = async (...args: string[]): Promise<void> => {
    await compose(name, project, ...args)
  }
  // Of a project of our own everything goes, else this service alone; `--volumes` takes its anonymous volumes along.
  const down = (): Promise<void> =>
    project.name === undefined ? docker('rm', '--stop', '--force', '--volumes', name) : docker('down', '--volumes')
  const service = serviceOf(name)
  const broker: Broker = {
    name,
    origin: 'compose',
    url: service.url(portOf(service, project)),
    async restart() {
      await docker('unpause', name).catch(() => undefined) // fails unless it is frozen; a frozen one can't be restarted
      await docker('restart', name)
      await ready(broker)
    },
    kill: () => docker('kill', name),
    freeze: () => docker('pause', name),
    thaw: () => docker('unpause', name),
    logs: (lines = 200) => compose(name, project, 'logs', '--no-color', '--tail', String(lines), name),
    async rabbitmqctl(...args) {
      if (!name.startsWith('rabbitmq')) throw new TypeError(`${name} has no rabbitmqctl`)
      return compose(name, project, 'exec', '-T', name, 'rabbitmqctl', '-q', ...args)
    },
    down,
    [Symbol.asyncDispose]: down,
  }
  return broker
}

function serviceOf(name: BrokerName): Service {
  const service = services[name]
  if (service === undefined) throw new TypeError(`docker-compose.yml has no ${name}`)
  return service
}

function portOf({ port, portVariable }: Service, project: Project): number {
  return project.port ?? (Number(process.env[portVariable]) || port)
}

async function ready({ name, url }: Broker): Promise<void> {
  await until(`an answer of ${name} at ${addressOf(url)}`, () => answers(name, url), { timeoutMs: 60_000 })
}

async function compose(name: BrokerName, project: Project, ...args: readonly string[]): Promise<string> {
  const service = serviceOf(name)
  const which = project.name === undefined ? [] : ['--project-name', project.name]
  // With the profile, or Docker would not find what is started on request only when it is to end it.
  const file = ['--file', join(workTree, 'docker-compose.yml'), '--profile', onRequest]
  const env = { ...process.env, [service.portVariable]: String(portOf(service, project)) }
  const { stdout } = await run('docker', ['compose', ...file, ...which, ...args], { env, maxBuffer: 1 << 26 })
  return stdout
}
