import { allCases, type Case } from '@anybroker/conformance'
import { suite } from './rabbitmq.suite.ts'

/** What is different with a stream behind every topic, and with the management API: on the older one only that. */
const CHANGED: readonly Case['clause'][] = ['R1', 'R2', 'A6', 'M6', 'T1', 'T3', 'S1', 'S5', 'S6', 'D9']

await suite({ name: 'rabbitmq-4', optIn: true })
const cases = allCases.filter(({ clause }) => CHANGED.includes(clause))
await suite({ name: 'rabbitmq-3', optIn: true, part: { cases, out: false } })
