"""The lab: real Kafka, registry and Cassandra as plain processes on loopback, and our services beside them."""
