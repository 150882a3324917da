"""The bot in WeCom."""
