"""What can go wrong in this room.

EvalError
├── QuestionsError   a questions file cannot be used      (eval/questions.py)
├── ResultsError     a file is not the result of a run    (eval/results.py)
└── GateError        the thresholds cannot be read        (eval/gate.py)
"""


class EvalError(Exception):
    """The root of this room's errors. The message is shown to people as it stands."""
