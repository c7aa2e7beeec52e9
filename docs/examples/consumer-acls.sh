#!/bin/sh
# Lets a user read what kabulwire publishes, and nothing else. Idempotent.
#
#     ./consumer-acls.sh localhost:9092 User:newsroom admin.properties [prefix]
#
# A consumer needs READ and DESCRIBE on the topics; READ on its groups only if it commits offsets to
# the broker. The ledger is the worker's own and stays closed.
set -eu
broker=$1 user=$2 admin=$3 prefix=${4:-kabulwire}
# kafka-acls.sh of an Apache Kafka distribution; another one is named by KAFKA_ACLS.
acls=${KAFKA_ACLS:-kafka-acls.sh}
topics=
for topic in incidents.v1 incident-log.v1 reports.v1 decisions.v1 dead-letters.v1 heartbeat.v1; do
  topics="$topics --topic $prefix.$topic"
done
# shellcheck disable=SC2086 # several words each
$acls --bootstrap-server "$broker" --command-config "$admin" --add --allow-principal "$user" \
  --operation Read --operation Describe $topics
$acls --bootstrap-server "$broker" --command-config "$admin" --add --allow-principal "$user" \
  --operation Read --resource-pattern-type prefixed --group "$prefix-"
