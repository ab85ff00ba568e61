import type { BrokerName } from './names.ts'
import { answersAmqp, answersHttp, answersKafka } from './protocols.ts'

/** Whether a broker of this kind answers at the URL in its own protocol, which is more than an open port. */
export async function answers(name: BrokerName, url: string, timeoutMs = 2_000): Promise<boolean> {
  switch (name) {
    case 'rabbitmq-3':
    case 'rabbitmq-4':
      return answersAmqp(url, timeoutMs)
    case 'kafka':
    case 'kafka-3-nodes':
      return answersKafka(url, timeoutMs)
    case 'google-pubsub':
      return answersHttp(url, timeoutMs)
    case 'fauxqs':
      return answersHttp(`${url}/health`, timeoutMs)
    case 'localstack':
      return answersHttp(`${url}/_localstack/health`, timeoutMs)
  }
}

/** Host and port of a URL, without its credentials, for what is printed. */
export function addressOf(url: string): string {
  return url.replace(/^[^:]+:\/\//u, '').replace(/^[^@/]*@/u, '')
}
