"""Real servers on this machine without containers: Apache Kafka and PostgreSQL as plain processes on 127.0.0.1."""
