import { SNSClient } from '@aws-sdk/client-sns'
import { SQSClient } from '@aws-sdk/client-sqs'
import { LONGEST_POLL_SECONDS } from './limits.ts'
import type { Settings } from './options.ts'

/** What a socket may take to open. A request that has no answer for so long is given up, because a dead socket never tells. */
const CONNECT_MS = 5_000
const ANSWER_MS = 10_000

/** Of sends and settles; polls have their own, without a bound of theirs: each consumer has few. */
const SOCKETS = 128

/**
 * The clients of one connection. Polls occupy sockets for twenty seconds, so they have a client of their own. The SDK's retries are
 * off: core retries, and must know what became of each try.
 */
export interface Clients {
  readonly sqs: SQSClient
  readonly polls: SQSClient
  readonly sns: SNSClient
}

export function makeClients({ endpoints }: Settings): Clients {
  const sqs = new SQSClient({ ...sqsConfig(endpoints.sqs), requestHandler: handler(SOCKETS, ANSWER_MS) })
  const credentials = () => sqs.config.credentials()
  return {
    sqs,
    polls: new SQSClient({
      ...sqsConfig(endpoints.sqs),
      credentials,
      requestHandler: handler(Infinity, LONGEST_POLL_SECONDS * 1_000 + ANSWER_MS),
    }),
    sns: new SNSClient({
      maxAttempts: ONE_ATTEMPT,
      credentials,
      requestHandler: handler(SOCKETS, ANSWER_MS),
      ...(endpoints.sns === undefined ? {} : { endpoint: endpoints.sns }),
    }),
  }
}

/** Tells of every request how it ended, whoever made it. */
export function watchClients(
  { sqs, polls, sns }: Clients,
  { answered, failed }: { readonly answered: () => void; readonly failed: (error: unknown) => void },
): void {
  const watched = async <T>(next: () => Promise<T>): Promise<T> => {
    try {
      const output = await next()
      answered()
      return output
    } catch (error) {
      failed(error)
      throw error
    }
  }
  const step = { step: 'initialize', name: 'anybrokerWatch' } as const
  for (const client of [sqs, polls]) client.middlewareStack.add((next) => (args) => watched(() => next(args)), step)
  sns.middlewareStack.add((next) => (args) => watched(() => next(args)), step)
}

export function destroyClients({ sqs, polls, sns }: Clients): void {
  for (const client of [sqs, polls, sns]) client.destroy()
}

const ONE_ATTEMPT = 1

function sqsConfig(endpoint: string | undefined) {
  return {
    maxAttempts: ONE_ATTEMPT,
    // The host of a queue's URL is the service's idea of itself, behind a proxy or a local engine a wrong one.
    useQueueUrlAsEndpoint: false,
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}

function handler(maxSockets: number, requestTimeout: number) {
  const agent = { keepAlive: true, maxSockets }
  return {
    connectionTimeout: CONNECT_MS,
    requestTimeout,
    // Else it only warns.
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  }
}
