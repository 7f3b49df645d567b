# SPDX-License-Identifier: MIT
"""What benches of lists share: programs that are measured, and what evmctl needs."""
import json
import pathlib
import subprocess

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build/release"


def output_of(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True,
                          text=True).stdout


def log_bench(*arguments):
    """What it says: seconds, cpu_seconds, peak_kib."""
    result = json.loads(output_of(BUILD / "log-bench", *arguments))
    del result["records"]
    return result


def run(*command):
    """What another program takes, which must end with 0."""
    return log_bench("run", *command)


def values_of(path):
    """What the list leads to in PCR 10 of both banks."""
    return json.loads(output_of(BUILD / "imastage", "log", "replay", "--json", path))["pcrs"]


def write_pcrs(values, path):
    """PCR files as evmctl reads them, beside @path; the options that name them."""
    options = []
    for value in values:
        file = path.with_name(f"pcrs.{value['bank']}")
        zeros = "0" * len(value["value"])
        file.write_text("".join(f"PCR-{i:02}: {value['value'] if i == 10 else zeros}\n"
                                for i in range(24)))
        options += ["--pcrs", f"{value['bank']},{file}"]
    return options


def evmctl(options, path):
    """evmctl agrees with the PCR values, or this is no comparison."""
    return run("evmctl", "ima_measurement", *options, path)


def take_turns(kinds, rounds, few=()):
    """What each kind has taken, round by round; those in @few three times at most."""
    runs = {kind: [] for kind in kinds}
    for turn in range(rounds):
        for kind, measure in kinds.items():
            if kind not in few or turn < 3:
                runs[kind].append(measure())
    return runs
