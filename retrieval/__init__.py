"""Find clauses: reading -> parsing -> library -> index -> search. Imports no other room."""
