"""The two kinds of failure that people see as one sentence without a traceback."""


class UserError(ValueError):
    """Something asked for cannot be; the message says what was received and what is allowed."""


class RunError(RuntimeError):
    """A run failed on its way; the message says where and what is left of it."""
