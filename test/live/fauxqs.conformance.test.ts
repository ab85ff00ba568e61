import { suite } from './sqs-sns.suite.ts'

await suite('fauxqs')
