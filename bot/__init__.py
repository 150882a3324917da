"""Talk to people: the conversation and its channels. Imports answering; only cli.py wires everything."""
