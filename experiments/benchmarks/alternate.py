"""Contenders in processes of their own, asked for rounds of steps in turn, and the ratios of their times.

On a machine that others use too, speeds drift by tens of percent within seconds. Rounds of about a second that
alternate A B C A B C meet the same weather, and the median of the ratios within a round forgets the rest.
"""

import json
import os
import platform
import statistics
import subprocess


class ContenderError(Exception):
    """A contender that is not what it should be, or that ended; the message is one sentence for a person."""


class Contender:
    """One process; `command` must speak the protocol of contenders/pace.py. Its stderr goes to the file `log`."""

    def __init__(self, name, command, environment, log):
        self.name, self.log, self.milliseconds, self.cpu_milliseconds = name, log, [], []
        try:
            with open(log, "w") as stderr:
                self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                                                env=environment, text=True)
        except OSError as error:
            raise ContenderError(f"contender '{name}' cannot be started: {command[0]}: {error.strerror}") from None

    def about(self):
        """What it says of itself: {"parameters", "versions"}."""
        return self._answer()

    def round(self):
        """Seconds of one round, by the clock and of processor time."""
        try:
            self.process.stdin.write("round\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # why it ended is told where its answer is missing
        answer = self._answer()
        return answer["seconds"], answer["cpu_seconds"]

    def stop(self):
        """Ends the process."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            with open(self.log) as file:
                last = ([text.strip() for text in file if text.strip()] or ["nothing on stderr"])[-1]
            raise ContenderError(f"contender '{self.name}' ended with: {last}")
        return json.loads(line)


def measure(contenders, steps, rounds, warm_up, show=print):
    """Adds to each contender's `milliseconds` and `cpu_milliseconds` one number per step and counted round."""
    for number in range(-warm_up, rounds):
        texts = []
        for contender in contenders:
            clock, cpu = (1000.0 * seconds / steps for seconds in contender.round())
            texts.append(f"{contender.name} {clock:.1f} ms")
            if number >= 0:
                contender.milliseconds.append(clock)
                contender.cpu_milliseconds.append(cpu)
        label = f"round {number + 1}/{rounds}" if number >= 0 else "warm-up"
        show(f"{label:<14}" + "  ".join(texts), flush=True)


def summary(contenders, base):
    """{name: {median_ms, least_ms, steps_per_second, cpu_ms and how many times as fast as `base`}}."""
    records, reference = {}, next(contender for contender in contenders if contender.name == base)
    for contender in contenders:
        ratios = _ratios(reference.milliseconds, contender.milliseconds)
        quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        median = statistics.median(contender.milliseconds)
        records[contender.name] = {
            "median_ms": median, "least_ms": min(contender.milliseconds), "steps_per_second": 1000.0 / median,
            "cpu_ms": statistics.median(contender.cpu_milliseconds), "times_base": statistics.median(ratios),
            "quartiles": [quartiles[0], quartiles[-1]],
            "times_base_by_least": min(reference.milliseconds) / min(contender.milliseconds),
            "times_base_by_cpu": statistics.median(_ratios(reference.cpu_milliseconds, contender.cpu_milliseconds))}
    return records


def _ratios(theirs, mine):
    return [a / b for a, b in zip(theirs, mine)]


def table(records, base):
    """The summary as text."""
    lines = [f"{'':<18}{'ms/step':>9}{'steps/s':>9}{'x ' + base:>9}{'quartiles':>12}{'least ms':>10}{'x ' + base:>9}"
             f"{'cpu ms':>9}{'x ' + base:>9}"]
    for name, r in records.items():
        low, high = r["quartiles"]
        lines.append(f"{name:<18}{r['median_ms']:>9.2f}{r['steps_per_second']:>9.2f}{r['times_base']:>9.3f}"
                     f"{f'{low:.2f}-{high:.2f}':>12}{r['least_ms']:>10.2f}{r['times_base_by_least']:>9.3f}"
                     f"{r['cpu_ms']:>9.2f}{r['times_base_by_cpu']:>9.3f}")
    return "\n".join(lines)


def use_cores(text):
    """Keeps this process and those it starts on cores such as "2,3". ContenderError where that cannot be."""
    try:
        os.sched_setaffinity(0, {int(core) for core in text.split(",")})
    except (AttributeError, ValueError, OSError):
        raise ContenderError(f"--cores={text} cannot be used here; give numbers of existing cores, such as 0,1, on "
                             "Linux") from None


def busy(threads):
    """Whether the last minute's load leaves fewer cores free than we have threads."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] + threads > os.cpu_count()


def machine():
    """What the figures were taken on."""
    model = platform.processor()
    try:
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    system = f"{platform.system()} {platform.machine()}"
    return {"processor": model, "system": system, "cores": os.cpu_count(), "used_cores": cores,
            "load_average": os.getloadavg() if hasattr(os, "getloadavg") else None}
