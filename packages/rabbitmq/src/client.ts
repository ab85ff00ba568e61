import { connect as connectSocket, type Socket } from 'node:net'
import { connect, credentials, type ChannelModel } from 'amqplib'
import type { Runtime } from '@anybroker/driver'
import { cork } from './corked.ts'
import type { Host, Settings } from './options.ts'

/** One AMQP connection and the way to end it at once. */
export interface Client {
  readonly model: ChannelModel
  readonly host: Required<Host>
  /** Without a word to the server; leaves no socket. */
  destroy(): void
}

/** Small frames at once: with Nagle's algorithm a confirm takes 40 ms. */
const NO_DELAY = true

/**
 * How long a host may say nothing when there is another to try. Long enough for a TLS handshake over half the world, short enough
 * for three dead ones within the connect time.
 */
const SILENT_HOST_MS = 3_000

/** Tries the hosts in turn. Throws what the last of them said, and leaves no socket behind. */
export async function openClient(
  settings: Settings,
  hosts: readonly Required<Host>[],
  role: string,
  signal: AbortSignal,
): Promise<Client> {
  let failure: unknown = new TypeError('rabbitmq: there is no host')
  for (const host of hosts) {
    signal.throwIfAborted()
    try {
      return await openOne(settings, host, role, host === hosts.at(-1) ? undefined : SILENT_HOST_MS, signal)
    } catch (error) {
      signal.throwIfAborted()
      failure = error
    }
  }
  throw failure
}

/** In an order drawn anew, so that many clients spread over the nodes. */
export function shuffled<T>(items: readonly T[], runtime: Pick<Runtime, 'random'>): readonly T[] {
  return items
    .map((item) => ({ item, at: runtime.random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item)
}

async function openOne(
  settings: Settings,
  host: Required<Host>,
  role: string,
  timeout: number | undefined,
  signal: AbortSignal,
): Promise<Client> {
  const { tls, username, password, vhost, heartbeatSeconds, connectionName, auth } = settings
  const end = new AbortController()
  const aborted = () => end.abort(signal.reason)
  signal.addEventListener('abort', aborted, { once: true })
  // A plain connection is opened by amqplib; one for TLS by us, because `tls.connect` knows no signal.
  const socket: Socket | undefined =
    tls === undefined
      ? undefined
      : connectSocket({ host: host.host, port: host.port, noDelay: NO_DELAY, signal: end.signal })
  // What goes wrong with it is told by the TLS socket above it, too.
  socket?.on('error', () => undefined)
  try {
    const model = (await connect(
      {
        protocol: tls === undefined ? 'amqp' : 'amqps',
        hostname: host.host,
        port: host.port,
        username,
        password,
        vhost: encodeURIComponent(vhost),
        heartbeat: heartbeatSeconds,
      },
      {
        noDelay: NO_DELAY,
        ...(timeout === undefined ? {} : { timeout }),
        clientProperties: { connection_name: `${connectionName} ${role}` },
        ...(auth === 'external' ? { credentials: credentials.external() } : {}),
        ...(tls === undefined ? { signal: end.signal } : { ...tlsOptions(tls), socket }),
      } as Parameters<typeof connect>[1],
    )) as ChannelModel
    cork(model)
    return { model, host, destroy: () => end.abort(new Error('the connection was given up')) }
  } catch (error) {
    end.abort(error)
    throw error
  } finally {
    signal.removeEventListener('abort', aborted)
  }
}

function tlsOptions({ serverName, ...rest }: NonNullable<Settings['tls']>): object {
  return { ...rest, minVersion: 'TLSv1.2', ...(serverName === undefined ? {} : { servername: serverName }) }
}
