"""The end-to-end tests' tools: real servers and the programs under test, each a child of the test."""
