import { BrokerError, type Capabilities, type Connection, type Driver, type Runtime } from '@anybroker/driver'
import { capabilitiesOf } from './capabilities.ts'
import { type Clients, destroyClients, makeClients, watchClients } from './clients.ts'
import { SqsSnsConnection } from './connection.ts'
import { describeError } from './errors.ts'
import { checked, parseUrl, type Settings, type SqsSnsOptions } from './options.ts'
import { Outage } from './outage.ts'
import { Session } from './session.ts'

/**
 * Amazon SQS and SNS, through the AWS SDK. Endpoint, region and credentials come from the official variables (`AWS_ENDPOINT_URL`,
 * `AWS_REGION`, …) and the SDK's provider chain. The endpoint variables are read here, the rest when it connects.
 *
 * @throws TypeError On an unknown option or one out of range, naming it.
 *
 * @example A namespace of its own
 * ```ts
 * await using broker = await connect(sqsSns({ namespace: 'shop' }))
 * ```
 */
export function sqsSns(options: SqsSnsOptions = {}): Driver {
  return new SqsSnsDriver(checked(options))
}

/**
 * The same from a URL: `sqs-sns:`, `sqs-sns:?namespace=shop`.
 *
 * @throws TypeError On anything else, naming what is wrong and what is allowed, and never showing the URL.
 */
export function fromUrl(url: string): Driver {
  return sqsSns(parseUrl(url))
}

class SqsSnsDriver implements Driver {
  readonly spec = 1
  readonly name = 'sqs-sns'
  readonly capabilities: Capabilities
  readonly describeError: Driver['describeError'] = describeError
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
    this.capabilities = capabilitiesOf(settings)
  }

  /** There is no session: what can be wrong before the first request is that no region or no credentials are found. */
  async connect(runtime: Runtime, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    const clients = makeClients(this.#settings)
    try {
      const { region, account } = await identity(clients, this.#settings)
      signal.throwIfAborted()
      const outage = new Outage(runtime)
      watchClients(clients, { answered: () => outage.answered(), failed: (error) => outage.failed(error) })
      const session = new Session(clients, this.#settings, runtime, region, account)
      return new SqsSnsConnection(session, outage, this.capabilities)
    } catch (error) {
      destroyClients(clients)
      throw error
    }
  }
}

async function identity(
  { sqs }: Clients,
  { endpoints }: Settings,
): Promise<{ readonly region: string; readonly account: string | undefined }> {
  let region: string
  try {
    region = await sqs.config.region()
  } catch (cause) {
    throw new BrokerError('UNAUTHORIZED', 'connecting to sqs-sns: no region; set AWS_REGION', { cause })
  }
  const { accountId } = await sqs.config.credentials()
  // Behind an endpoint of one's own the account may be another.
  const known = endpoints.sqs === undefined && endpoints.sns === undefined && /^\d{12}$/.test(accountId ?? '')
  return { region, account: known ? accountId : undefined }
}
