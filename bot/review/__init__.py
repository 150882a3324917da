"""People in the loop: what the bot could not do is looked at, decided about, and learned from."""
