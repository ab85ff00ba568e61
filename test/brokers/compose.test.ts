import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { onRequest, services } from './compose.ts'
import { workTree } from './folders.ts'
import { names, withDriver } from './names.ts'

interface Written {
  image: string
  ports: string[]
  healthcheck?: { test?: unknown; interval?: string; timeout?: string; retries?: number }
  profiles?: string[]
}

const file = readFileSync(join(workTree, 'docker-compose.yml'), 'utf8')
const written = (parse(file) as { services: Record<string, Written> }).services

test('docker-compose.yml has the services that the code knows, and no others, named as the brokers are', () => {
  expect(Object.keys(written).toSorted()).toEqual(Object.keys(services).toSorted())
  for (const name of Object.keys(written)) expect(names).toContain(name)
})

test('a plain `docker compose up` starts Kafka, RabbitMQ 4, the Pub/Sub emulator and an engine of SQS and SNS', () => {
  const plain = Object.entries(written).filter(([, { profiles }]) => profiles === undefined)
  expect(plain.map(([name]) => name).toSorted()).toEqual(['fauxqs', 'google-pubsub', 'kafka', 'rabbitmq-4'])
  for (const { profiles = [onRequest] } of Object.values(written)) expect(profiles).toEqual([onRequest])
})

test('all that the project supports can be had from Docker', () => {
  for (const name of withDriver) expect(written).toHaveProperty([name])
})

test('no two services want the same port', () => {
  const ports = Object.values(services).map(({ port }) => port)
  expect(new Set(ports).size).toBe(ports.length)
})

test.each(Object.entries(services))('%s is the image, at the loopback port, that the code expects', (name, service) => {
  const found = written[name]
  expect(found?.image).toBe(service.image)
  expect(found?.ports).toHaveLength(1)
  expect(found?.ports[0]).toMatch(`127.0.0.1:\${${service.portVariable}:-${service.port}}:`)
  expect(service.url(service.port)).toContain(`127.0.0.1:${service.port}`)
})

test.each(Object.keys(services))('%s has a health check that gives up', (name) => {
  const health = written[name]?.healthcheck
  expect(health?.test).toBeInstanceOf(Array)
  for (const limit of [health?.interval, health?.timeout]) expect(limit).toMatch(/^\d+s$/u)
  expect(health?.retries).toBeGreaterThan(0)
})

test('the engines of Docker and of this machine have the same version', () => {
  const manifest = readFileSync(join(workTree, 'package.json'), 'utf8')
  const { devDependencies } = JSON.parse(manifest) as { devDependencies: Record<string, string> }
  expect(written['fauxqs']?.image).toBe(`kibertoad/fauxqs:${devDependencies['fauxqs']}`)
  expect(written['rabbitmq-3']?.image).toMatch(/:3\.10-/u) // as in Debian bookworm
  expect(written['rabbitmq-4']?.image).toMatch(/:4-/u)
})
