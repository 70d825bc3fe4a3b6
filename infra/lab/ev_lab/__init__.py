"""The lab: real Kafka, registry and Cassandra as plain processes on loopback, and our services beside them."""

from ev_lab.endpoints import Endpoints, endpoints

__all__ = ["Endpoints", "endpoints"]
