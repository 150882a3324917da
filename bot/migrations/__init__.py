"""The revisions of the schema, one file each in versions/.

What follows must agree with those files, which a test sees to: who opens a database that is at the newest revision needs nothing else.
"""

REVISIONS = ("0001",)
HEAD = REVISIONS[-1]
