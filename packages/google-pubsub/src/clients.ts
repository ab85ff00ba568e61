import type { ClientConfig, v1 } from '@google-cloud/pubsub'
import type { Settings } from './options.ts'

/** The package's own clients, one channel each: what is published must not wait behind what is received. */
export interface Clients {
  readonly publisher: v1.PublisherClient
  readonly subscriber: v1.SubscriberClient
  readonly project: string
}

/** Of one channel. A stream that a network swallowed is noticed after the first two together. */
const CHANNEL = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.max_receive_message_length': 20 * 1024 * 1024,
  'grpc.max_send_message_length': 20 * 1024 * 1024,
  // Channels that share sockets would end each other's.
  'grpc.use_local_subchannel_pool': 1,
}

/**
 * Loads the client library, which is heavy, when it is first needed. Credentials are looked for where Google's libraries look for
 * application default credentials; an emulator needs none, and nobody is asked for any.
 */
export async function openClients(settings: Settings): Promise<Clients> {
  const { PubSub, v1 } = await import('@google-cloud/pubsub')
  const { projectId, emulator } = settings
  const options: ClientConfig = projectId === undefined ? {} : { projectId }
  if (emulator !== undefined) options.apiEndpoint = `http://${emulator}`
  const config = { ...(await new PubSub(options).getClientConfig()), ...CHANNEL }
  const publisher = new v1.PublisherClient(config)
  const subscriber = new v1.SubscriberClient(config)
  try {
    // Later a failure would be a rejection that nobody can handle: the client calls this in each request, and throws.
    await Promise.all([publisher.initialize(), subscriber.initialize()])
  } catch (error) {
    await closeClients({ publisher, subscriber })
    throw error
  }
  return { publisher, subscriber, project: config.projectId ?? '' }
}

export async function closeClients({ publisher, subscriber }: Omit<Clients, 'project'>): Promise<void> {
  await Promise.allSettled([publisher.close(), subscriber.close()])
}
