"""What the tests with real clients share: running Apus, accounts, unsigned and signed requests, waiting."""
