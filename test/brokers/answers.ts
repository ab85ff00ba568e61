import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { BrokerName } from './names.ts'

/** Whether a broker of this kind answers at the URL in its own protocol, which is more than an open port. */
export function answers(name: BrokerName, url: string, timeoutMs = 2_000): Promise<boolean> {
  switch (name) {
    case 'rabbitmq-3':
    case 'rabbitmq-4':
      return answersAmqp(url, timeoutMs)
  }
}

const amqpHeader = Buffer.from('AMQP\0\0\x09\x01', 'latin1')
const methodFrame = 1 // RabbitMQ begins with the frame Connection.Start; what does not know 0.9.1 sends a header, "A"

function answersAmqp(url: string, timeoutMs: number): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket =
      protocol === 'amqps:'
        ? connectTls({ host: hostname, port: Number(port || 5671), rejectUnauthorized: false })
        : connect({ host: hostname, port: Number(port || 5672) })
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('end', () => settle(false))
    socket.once('data', (data: Buffer) => settle(data[0] === methodFrame))
    socket.write(amqpHeader)
  })
}
