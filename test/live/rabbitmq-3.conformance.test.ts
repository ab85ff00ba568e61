import { suite } from './rabbitmq.suite.ts'

await suite({ name: 'rabbitmq-3', optIn: false })
