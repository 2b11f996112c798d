"""What scoring shows while it works, on stderr: one line, updated in place on a terminal."""

import sys
import time


class ProgressLine:
    """One line on stderr, updated in place on a terminal, else a line every 15 seconds."""

    def __init__(self, title, seconds=15.0):
        self.title, self.terminal = title, sys.stderr.isatty()
        self.seconds, self.shown = 0.2 if self.terminal else seconds, time.monotonic()

    def __call__(self, text):
        if time.monotonic() - self.shown >= self.seconds:
            self.shown = time.monotonic()
            self._write(text, "" if self.terminal else "\n")

    def close(self, text):
        """The last line, which stays."""
        self._write(text, "\n")

    def _write(self, text, end):
        line = f"{self.title}: {text}"
        print(f"\r{line:<100}" if self.terminal else line, end=end, file=sys.stderr, flush=True)


class Bar:
    """A bar with the time left for each set of images that is looked at: called with (what, done, count)."""

    def __init__(self, title, width=24):
        self.line, self.width, self.what, self.start = ProgressLine(title), width, None, None

    def __call__(self, what, done, count):
        now = time.monotonic()
        if what != self.what:
            self.what, self.start, self.first = what, now, done  # the first part includes tracing
        speed = (done - self.first) / (now - self.start) if done > self.first else None
        left = f"{(count - done) / speed:.0f} s left" if speed else ""
        filled = self.width * done // count
        text = f"{what} [{'#' * filled}{'.' * (self.width - filled)}] {done}/{count}  {left}"
        if done == count and self.line.terminal:
            self.line.close(text)  # so that what is printed next has a line of its own
        else:
            self.line(text)
