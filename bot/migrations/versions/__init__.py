"""One file a revision: what it makes of the schema before it. There is no way back but a copy or a backup."""
