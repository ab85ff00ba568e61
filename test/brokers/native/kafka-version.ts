/** The version of Kafka that is fetched for this machine, and that docker-compose.yml starts. */
export const kafkaVersion = '4.3.0'
