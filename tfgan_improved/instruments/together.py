"""All instruments of a run together."""

import threadpoolctl


def measured(instruments, probe):
    """{name: number} of what `instruments`, a sequence, measure of a `Probe`.

    What several of them name alike, such as two diversities with another tau each, is numbered by their place, from
    d/diversity to d/diversity_0 and d/diversity_1, as terms are.
    """
    # On a busy machine the threads of a decomposition wait for each other much longer than it takes one alone.
    with threadpoolctl.threadpool_limits(1):
        found = [instrument(probe) for instrument in instruments]
    names = [name for numbers in found for name in numbers]
    return {name if names.count(name) == 1 else f"{name}_{index}": value
            for index, numbers in enumerate(found) for name, value in numbers.items()}
