"""What others do, run beside our own under the same protocol. For evaluation only: nothing the gateway runs is here."""
