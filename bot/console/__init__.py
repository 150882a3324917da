"""The bot in a terminal: commands, and what they show."""
