"""Measure it: questions -> the same Answerer that people get -> metrics -> gate. Nobody but bot/cli.py imports this room."""
