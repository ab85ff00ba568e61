import { suite } from './rabbitmq.suite.ts'

await suite({ name: 'rabbitmq-4', optIn: false })
