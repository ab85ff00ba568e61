import type { Driver } from '@anybroker/driver'

/** What every adapter exports for this file: its driver from a URL. Throws a `TypeError` that names what is wrong in it. */
interface AdapterModule {
  fromUrl(url: string): Driver
}

interface Scheme {
  readonly package: string
  /** What has to be installed beside the package. */
  readonly client?: string
  readonly load: () => Promise<unknown>
}

const rabbitmq = adapter('@anybroker/rabbitmq', 'amqplib')

/** The one place in core that names brokers. Each is loaded when its scheme is first used. */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['memory:', { package: '@anybroker/memory', load: () => import('@anybroker/memory') }],
  ['kafka:', adapter('@anybroker/kafka', 'kafkajs')],
  ['amqp:', rabbitmq],
  ['amqps:', rabbitmq],
  ['google-pubsub:', adapter('@anybroker/google-pubsub', '@google-cloud/pubsub')],
  ['sqs-sns:', adapter('@anybroker/sqs-sns', '@aws-sdk/client-sqs @aws-sdk/client-sns')],
])

/** The driver for a URL. Nothing of the URL but its scheme is in an error of ours: it may hold a password. */
export async function driverFromUrl(url: string): Promise<Driver> {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0].toLowerCase()
  const found = scheme === undefined ? undefined : SCHEMES.get(scheme)
  if (found === undefined) {
    const got = scheme === undefined ? 'none' : scheme
    throw new TypeError(`connect: the URL must begin with one of ${[...SCHEMES.keys()].join(' ')}; got ${got}`)
  }
  const module = await load(found)
  return module.fromUrl(url)
}

async function load({ package: name, client, load: importIt }: Scheme): Promise<AdapterModule> {
  try {
    return (await importIt()) as AdapterModule
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const install = client === undefined ? name : `${name} ${client}`
    throw new Error(`connect: ${name} is not installed; install it with: npm install ${install}`, { cause: error })
  }
}

function adapter(name: string, client: string): Scheme {
  // A name that is not a literal, so that no bundler and no type checker asks for what the user did not install.
  return { package: name, client, load: () => import(name) }
}
