"""Two replicas under load while what they need is killed in turn: see test_load.py."""
